import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { startSampleDatabase, type SampleDatabase } from '../../src/dev/demo/sample-database.js';
import type { ReadyChild } from '../support/child.js';
import { projectRoot, startTemporal, startWorker, temporaryRoot } from '../support/stack.js';

/** What a person has in front of them after `make demo`, in a folder of its own. */
export interface Project {
  root: string;
  /** Runs one line of a shell in it, as a person would; `./beamline` is there. */
  shell(line: string): Promise<{ exitCode: number | undefined; output: string }>;
  stop(): Promise<void>;
}

/** Copies the examples, and starts Temporal, a worker and the demo's database. */
export async function startProject(): Promise<Project> {
  const { root, remove } = await temporaryRoot();
  const stops: (() => Promise<unknown>)[] = [remove];
  const stop = async (): Promise<void> => {
    for (const each of stops.toReversed()) await each();
  };
  try {
    cpSync(join(projectRoot, 'examples'), join(root, 'examples'), { recursive: true });
    mkdirSync(join(root, 'configs'));
    symlinkSync(join(projectRoot, '.venv'), join(root, '.venv'));
    const cli = join(projectRoot, 'dist', 'src', 'cli', 'main.js');
    const script = `#!/bin/sh\nBEAMLINE_COMMAND=$0 exec '${process.execPath}' '${cli}' "$@"\n`;
    writeFileSync(join(root, 'beamline'), script, { mode: 0o755 });

    const [environment, database] = await Promise.all([
      startTemporal(),
      startSampleDatabase(root, new AbortController().signal),
    ] satisfies [Promise<TestWorkflowEnvironment>, Promise<SampleDatabase>]);
    stops.push(
      () => environment.teardown(),
      () => database.service.stop(),
    );
    const worker: ReadyChild<unknown> = await startWorker(environment, root);
    stops.push(() => worker.end());
    const env = { TEMPORAL_ADDRESS: environment.address };
    return {
      root,
      async shell(line) {
        const { exitCode, all } = await execa('sh', ['-c', line], {
          cwd: root,
          env,
          all: true,
          reject: false,
          stdin: 'ignore',
        });
        return { exitCode, output: all };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
