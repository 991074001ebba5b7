import assert from 'node:assert/strict';
import { copyFile, cp, link, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { Stack } from '../../src/dev/stack.js';
import { pythonPath } from '../../src/process/python.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { startReadyChild, type ReadyChild } from './child.js';
import { projectRoot, type WorkerReady } from './stack.js';

/** What a build or a generator writes over: a link would lead it into this clone. */
const written = /^(?:schemas|docs)\/|^src\/(?:runners\/catalogue|worker\/workflows)\.ts$/;

/** A copy of this clone to which a test adds modules: a module is found by the folder that it is in. */
export interface CopiedClone {
  path: string;
  /** Runs the copy's command line in a project. */
  beamline(root: string, args: string[], env?: NodeJS.ProcessEnv): Promise<Said>;
  /** Runs a config, and waits for its end. */
  run(root: string, args: string[], env?: NodeJS.ProcessEnv): Promise<Receipt>;
  /** Starts the copy's worker for a project. */
  startWorker(
    root: string,
    taskQueue: string,
    env: NodeJS.ProcessEnv,
  ): Promise<ReadyChild<WorkerReady>>;
  /** Starts the copy's local stack for a project, whose processes have this one's environment. */
  startStack(root: string): Promise<Stack>;
}

export interface Said {
  exitCode?: number | undefined;
  stdout: string;
  stderr: string;
}

/** Copies what git has, by hard links where it is only read, and, where that is asked for, what was built from it. */
export async function copyClone(path: string, { isBuilt = true } = {}): Promise<CopiedClone> {
  const { stdout } = await execa('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    cwd: projectRoot,
  });
  await Promise.all(
    stdout
      .split('\0')
      .filter((name) => name !== '')
      .map((name) => take(name, path)),
  );
  if (isBuilt) {
    // With their times: a bundle that looks older than its code is not taken.
    const options = { recursive: true, preserveTimestamps: true };
    await cp(join(projectRoot, 'dist'), join(path, 'dist'), options);
  }
  for (const name of ['node_modules', '.venv']) {
    await symlink(join(projectRoot, name), join(path, name));
  }
  const inCopy = (...parts: string[]): string => join(path, 'dist', 'src', ...parts);
  const beamline: CopiedClone['beamline'] = (given, args, env) =>
    execa(process.execPath, [inCopy('cli', 'main.js'), ...args], {
      cwd: given,
      env: envOf(env),
      reject: false,
    });
  return {
    path,
    beamline,
    async run(root, args, env) {
      const { stdout, stderr } = await beamline(root, ['run', ...args, '--json'], env);
      assert.match(stdout, /^\{/, stderr);
      const document = JSON.parse(stdout) as Receipt & { receipt?: Receipt };
      return document.receipt ?? document;
    },
    startWorker: (root, taskQueue, env) =>
      startReadyChild<WorkerReady>(
        process.execPath,
        [inCopy('worker', 'main.js'), `--root=${root}`, `--task-queue=${taskQueue}`],
        { cwd: root, env: { ...process.env, ...envOf(env) } },
      ),
    async startStack(root) {
      const { startStack } = (await import(
        inCopy('dev', 'stack.js')
      )) as typeof import('../../src/dev/stack.js');
      return startStack({ root, port: 0, uiPort: 0, gatewayPort: 0 });
    },
  };
}

function envOf(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { BEAMLINE_PYTHON: pythonPath(), ...env };
}

async function take(name: string, path: string): Promise<void> {
  const [from, to] = [join(projectRoot, name), join(path, name)];
  await mkdir(dirname(to), { recursive: true });
  if (written.test(name)) return copyFile(from, to);
  // Another file system takes no links; a file that was removed and not yet committed is not there.
  await link(from, to).catch(() => copyFile(from, to).catch(() => undefined));
}
