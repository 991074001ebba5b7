import { join } from 'node:path';
import xterm from '@xterm/headless';
import { execa } from 'execa';
import { projectRoot } from './stack.js';

export interface Size {
  columns: number;
  rows?: number;
}

/**
 * The lines that a terminal shows in the end, from the first that was written. One that is wider than
 * the terminal was broken by it, wherever it was full.
 */
export async function linesShown(
  written: string | Uint8Array,
  { columns, rows = 24 }: Size,
): Promise<string[]> {
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    scrollback: 10_000,
    allowProposedApi: true,
  });
  await new Promise<void>((resolve) => terminal.write(written, resolve));
  const { active } = terminal.buffer;
  const lines: string[] = [];
  for (let index = 0; index < active.length; index++) {
    const line = active.getLine(index);
    const text = line?.translateToString(true) ?? '';
    if (line?.isWrapped === true) lines.push(`${lines.pop()}${text}`);
    else lines.push(text);
  }
  terminal.dispose();
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Runs a command in a terminal until it ends. */
export async function runInTerminal(
  command: string[],
  { columns, rows = 24 }: Size,
  cwd: string,
): Promise<{ exitCode: number | undefined; lines: string[] }> {
  const script = join(projectRoot, 'test', 'support', 'pseudo_terminal.py');
  const args = [script, String(columns), String(rows), ...command];
  const { exitCode, stdout } = await execa('python3', args, {
    cwd,
    env: { TERM: 'xterm-256color' },
    reject: false,
    encoding: 'buffer',
  });
  return { exitCode, lines: await linesShown(stdout, { columns, rows }) };
}
