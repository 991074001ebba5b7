import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOf } from '../../../src/process/process-record.js';

export type ProgramEnd = 'succeeds' | 'fails' | 'runs Beam';

/** What a run started, whatever its runner: it goes on until it is told to end. */
export interface Program {
  /** How many were started. */
  started(): Promise<number>;
  /** How many of them are there now. */
  running(): Promise<number>;
  /** Whether two were there at once. */
  hadCompany(): Promise<boolean>;
  end(how: ProgramEnd): Promise<void>;
  /** From now on it takes its time when it is asked to end. */
  slow(): Promise<void>;
  kill(): Promise<void>;
}

/** Between the kit and `program.ts`, which has a folder for each run. */
export const programNames = {
  /** The environment variable that names the folder of all. */
  folder: 'BEAMLINE_KIT_PROGRAMS',
  started: 'started',
  company: 'company',
  end: 'end',
  slow: 'slow',
  /** Why it fails. */
  cause: 'no such column: kit_column',
} as const;

/** What a slow one takes to end. */
export const slowMs = 5_000;

/** Writes what runs `program.ts` as if it were Python. */
export async function writePython(root: string): Promise<string> {
  const program = fileURLToPath(new URL('program.js', import.meta.url));
  const path = join(root, 'python');
  await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

/** The processes of one run. */
export class Processes implements Program {
  constructor(private readonly folder: string) {}

  async started(): Promise<number> {
    return (await this.#pids()).length;
  }

  async running(): Promise<number> {
    return (await this.#alive()).length;
  }

  async hadCompany(): Promise<boolean> {
    return existsSync(join(this.folder, programNames.company));
  }

  end(how: ProgramEnd): Promise<void> {
    return this.#write('end', how);
  }

  slow(): Promise<void> {
    return this.#write('slow', '');
  }

  async kill(): Promise<void> {
    for (const pid of await this.#alive()) process.kill(pid, 'SIGKILL');
  }

  async #write(name: 'end' | 'slow', text: string): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const file = join(this.folder, programNames[name]);
    await writeFile(`${file}.draft`, text);
    await rename(`${file}.draft`, file);
  }

  async #alive(): Promise<number[]> {
    const pids = await this.#pids();
    const starts = await Promise.all(pids.map((pid) => startOf(pid)));
    return pids.filter((_, index) => starts[index] !== null);
  }

  async #pids(): Promise<number[]> {
    const text = await readFile(join(this.folder, programNames.started), 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean).map(Number);
  }
}
