import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { Command } from 'commander';
import { givenOptions } from '../../src/cli/options/option-words.js';
import { createProgram } from '../../src/cli/program.js';

/** What a shell makes of a command line. */
export function wordsOf(line: string): string[] {
  const printed = execFileSync('sh', ['-c', `set -- ${line}; printf '%s\\0' "$@"`], {
    encoding: 'utf8',
  });
  return printed.split('\0').slice(0, -1);
}

export interface Parsed {
  command: string;
  args: string[];
  options: Record<string, unknown>;
}

/** What our command line makes of the words, which nothing is done for. */
export async function parsed(words: readonly string[]): Promise<Parsed> {
  const program = createProgram().configureOutput({ writeErr: () => undefined });
  let found: Parsed | undefined;
  const listen = (command: Command): void => {
    command.commands.forEach(listen);
    command.action((...given: unknown[]) => {
      const self = given.at(-1) as Command;
      found = { command: self.name(), args: self.args, options: { ...givenOptions(self) } };
    });
  };
  program.commands.forEach(listen);
  await program.parseAsync(['node', 'beamline', ...words.slice(1)]);
  assert.ok(found, words.join(' '));
  return found;
}

/** Commands that do something, not those that only group others. */
export function acting(command: Command): Command[] {
  const isGroup = command.commands.length > 0 && command.registeredArguments.length === 0;
  const acts = !isGroup || (command.parent !== null && command.options.length > 0);
  return [...(acts ? [command] : []), ...command.commands.flatMap(acting)];
}

/** The commands in a sentence of advice. */
export function commandsIn(text: string): string[] {
  return text
    .split(/(?=\bbeamline )/)
    .slice(text.startsWith('beamline ') ? 0 : 1)
    .map((part) => part.replace(/(, then|; or .*|; or|, which publishes the rest)? *$/, ''));
}
