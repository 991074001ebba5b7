import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { startSampleDatabase } from '../../src/dev/demo/sample-database.js';
import { startStack } from '../../src/dev/stack.js';
import { queryRows, requester, type BigQueryEmulator } from '../support/bigquery.js';
import { projectRoot, temporaryRoot } from '../support/stack.js';

/** What a person has in front of them after `make demo`, in a folder of its own. */
export interface Project {
  root: string;
  /** A request of the BigQuery emulator; the path begins at `/projects`. */
  bigquery: BigQueryEmulator['request'];
  /** Rows of a query of it, as texts. */
  query(sql: string, billedTo?: string): Promise<unknown[][]>;
  /** Runs one line of a shell in it, as a person would; `beamline` is on the path, and `./beamline` is there. */
  shell(line: string): Promise<{ exitCode: number | undefined; output: string }>;
  stop(): Promise<void>;
}

/** Copies the examples, and starts the local stack and the demo's database. */
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

    const stack = await startStack({ root, port: 0, uiPort: 0, gatewayPort: 0 });
    stops.push(() => stack.stop());
    const { signal } = new AbortController();
    const database = await startSampleDatabase(root, signal, stack.record.dataflow?.http);
    stops.push(() => database.service.stop());
    const bigquery = requester(stack.record.bigquery?.endpoint ?? '');
    return {
      root,
      bigquery,
      query: (sql, billedTo = 'beamline-dev') => queryRows(bigquery, billedTo, sql),
      async shell(line) {
        const { exitCode, all } = await execa('sh', ['-c', line], {
          cwd: root,
          env: { PATH: `${root}:${process.env['PATH']}` },
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
