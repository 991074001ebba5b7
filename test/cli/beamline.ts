import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/modules/catalogue.js';

const main = join(packageRoot, 'dist', 'src', 'cli', 'main.js');

/** What one command said. */
export interface Said {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line as a person would, in a folder. */
export function beamline(folder: string, ...args: string[]): Said {
  return beamlineIn({ folder, env: process.env }, ...args);
}

export function beamlineIn(
  { folder, env }: { folder: string; env: NodeJS.ProcessEnv },
  ...args: string[]
): Said {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
  return { status, stdout, stderr };
}
