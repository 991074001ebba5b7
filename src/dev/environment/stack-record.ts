import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makePrivateFolder } from '../../process/private-state.js';
import { startOf } from '../../process/process-record.js';

const stackRecord = z.object({
  /** Process id of `beamline dev`. */
  pid: z.number(),
  temporal: z.object({ address: z.string(), namespace: z.string(), ui: z.string() }),
  worker: z.object({ pid: z.number(), store: z.string(), task_queue: z.string() }),
  /** Takes the events of jobs. */
  gateway: z.object({ pid: z.number(), url: z.string() }),
  /** The emulators; absent where this version has none. */
  storage: z.object({ pid: z.number(), endpoint: z.string() }).optional(),
  bigquery: z.object({ pid: z.number(), endpoint: z.string() }).optional(),
  dataflow: z.object({ pid: z.number(), grpc: z.string(), http: z.string() }).optional(),
  /** Environment variables that lead to the stack's settings and emulators. */
  environment: z.record(z.string(), z.string()),
});
/** `.beamline/dev.json`: where the local stack of this root can be reached while it runs. */
export type StackRecord = z.infer<typeof stackRecord>;

/** Thrown when another `beamline dev` runs in the same root. */
export class StackRunning extends Error {
  override readonly name = 'StackRunning';
  readonly pid: number;

  constructor(pid: number) {
    super(`the local stack of this folder is running already (process ${pid})`);
    this.pid = pid;
  }
}

const owner = z.object({ pid: z.number(), startedAt: z.string() });

/** The state folder of a project root. */
export const stateOf = (root: string): string => join(root, '.beamline');

/**
 * Makes this process the only one that runs the stack of `root`, or what else the lock stands for.
 *
 * @returns a function that gives it up
 * @throws {@link StackRunning}
 */
export async function claimStack(
  root: string,
  lock: 'dev' | 'demo' = 'dev',
): Promise<() => Promise<void>> {
  const file = join(stateOf(root), `${lock}.lock`);
  makePrivateFolder(stateOf(root));
  const claim = JSON.stringify({ pid: process.pid, startedAt: await startOf(process.pid) });
  for (;;) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(claim);
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const pid = await livingOwner(file);
    if (pid !== null) throw new StackRunning(pid);
    // Its owner was killed. Of two that see this, one moves the file away.
    const stale = `${file}.${process.pid}`;
    await rename(file, stale).catch(() => undefined);
    await rm(stale, { force: true });
  }
}

export async function writeStackRecord(root: string, record: StackRecord): Promise<void> {
  const file = join(stateOf(root), 'dev.json');
  await writeFile(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

export async function removeStackRecord(root: string): Promise<void> {
  await rm(join(stateOf(root), 'dev.json'), { force: true });
}

/** The stack that runs in `root`, or null. */
export async function readStackRecord(root: string): Promise<StackRecord | null> {
  const pid = await livingOwner(join(stateOf(root), 'dev.lock'));
  if (pid === null) return null;
  try {
    const text = await readFile(join(stateOf(root), 'dev.json'), 'utf8');
    const record = stackRecord.parse(JSON.parse(text));
    return record.pid === pid ? record : null; // Else left behind by a stack that was killed.
  } catch {
    return null; // It is starting, or ending.
  }
}

/** The process that holds the lock; null if it is gone. */
async function livingOwner(file: string): Promise<number | null> {
  try {
    const { pid, startedAt } = owner.parse(JSON.parse(await readFile(file, 'utf8')));
    return (await startOf(pid)) === startedAt ? pid : null;
  } catch {
    return null;
  }
}
