import { once } from 'node:events';
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
  /** Runs what stays until Ctrl-C, and returns when it has said something. */
  serve(line: string): Promise<Served>;
  stop(): Promise<void>;
}

export interface Served {
  /** All that it said, after Ctrl-C. */
  end(): Promise<string>;
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
        const { exitCode, all } = await start(root, line);
        return { exitCode, output: all };
      },
      async serve(line) {
        const child = start(root, line, { detached: true });
        const said = once(child.stdout, 'data');
        const ended = child.then(({ all }) => Promise.reject(new Error(`it ended: ${all}`)));
        ended.catch(() => undefined); // It does, at last.
        const end = async (): Promise<string> => {
          if (child.exitCode === null && child.signalCode === null)
            process.kill(-(child.pid as number), 'SIGINT');
          return (await child).all;
        };
        stops.push(end);
        await Promise.race([said, ended]);
        return { end };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function start(root: string, line: string, options: { detached?: boolean } = {}) {
  return execa('sh', ['-c', line], {
    ...options,
    cwd: root,
    env: { PATH: `${root}:${process.env['PATH']}` },
    all: true,
    reject: false,
    stdin: 'ignore',
  });
}
