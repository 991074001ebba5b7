import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { unknownWords } from '../support/command-words.js';
import { projectRoot } from '../support/stack.js';

const programs = ['gcloud', 'docker'];

/** Stands in for programs that need Google Cloud or a container engine: each writes down how it was called. */
export interface ForeignCommands {
  /** Goes before everything else on the path. */
  path: string;
  /** The words of each call so far. */
  calls(): string[][];
}

export function recordForeignCommands(folder: string): ForeignCommands {
  const file = join(folder, 'calls');
  mkdirSync(folder);
  for (const program of programs) {
    const script = `#!/bin/sh\nprintf '%s\\n' ${program} "$@" '' >> '${file}'\n`;
    writeFileSync(join(folder, program), script, { mode: 0o755 });
  }
  return {
    path: folder,
    calls: () =>
      existsSync(file)
        ? readFileSync(file, 'utf8')
            .split('\n\n')
            .slice(0, -1)
            .map((call) => call.split('\n'))
        : [],
  };
}

/** What the programs do not know of these calls, as far as they are on this machine. */
export async function unknownToPrograms(calls: string[][]): Promise<string[]> {
  const of = (program: string): string[][] => calls.filter(([name]) => name === program);
  const unknown = [...(await unknownToGcloud(of('gcloud')))];
  for (const call of of('docker')) unknown.push(...(await unknownToDocker(call)));
  return unknown;
}

async function unknownToGcloud(calls: string[][]): Promise<string[]> {
  const { stdout: gcloud } = await execa('sh', ['-c', 'command -v gcloud'], { reject: false });
  if (calls.length === 0 || gcloud === '') return skipped(calls, 'gcloud');
  const script = join(projectRoot, 'test', 'support', 'gcloud_words.py');
  const { stdout } = await execa('python3', [script, gcloud], { input: JSON.stringify(calls) });
  return (JSON.parse(stdout) as string[] | null) ?? skipped(calls, "gcloud's list of its commands");
}

async function unknownToDocker(call: string[]): Promise<string[]> {
  const ours = call.indexOf('beamline', 1);
  const inContainer = call.includes('exec') && ours > 0 ? call.slice(ours) : [];
  const own = inContainer.length > 0 ? call.slice(0, ours) : call;
  const command = own[1] === 'compose' ? own.slice(1, 3) : own.slice(1, 2);
  const { exitCode, stdout } = await execa('docker', [...command, '--help'], { reject: false });
  // Without its plugin, docker shows its own help.
  const isThere = exitCode === 0 && stdout.includes(`docker ${command.join(' ')}`);
  const long = own.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0] ?? '');
  const unknown = isThere
    ? long.filter((option) => !new RegExp(`${option}\\b`).test(stdout))
    : skipped([call], `docker ${command.join(' ')}`);
  return [...unknown, ...(inContainer.length > 0 ? unknownWords(inContainer.join(' ')) : [])];
}

function skipped(calls: string[][], program: string): [] {
  if (calls.length > 0)
    console.log(`    (${program} is not on this machine: options not looked up)`);
  return [];
}
