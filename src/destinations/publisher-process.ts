/**
 * The short-lived process that opens a destination, does one thing and ends: a destination's lock
 * (DuckDB's file) is never held by a worker. Reads one JSON request from standard input, prints a
 * `tick` line every second as the sign of life, and one `done` or `failed` line. With `--spare` it first imports
 * every destination (`process/spares.ts`).
 */
import { createInterface } from 'node:readline';
import { ApplicationFailure } from '@temporalio/common';
import { isFailureType, type FailureType } from '../shared/failures.js';
import { systemRefusalOf } from '../shared/system-errors.js';
import { faultPoint } from '../process/fault-point.js';
import { followUmaskOfUser } from '../process/private-state.js';
import type {
  AskedSource,
  CommitIdentity,
  Destination,
  DestinationContext,
  Publisher,
  PublishOutlook,
  PublishRequest,
} from './destination.js';
import { destinationNames, loadDestination } from './registry.js';

/** What is asked of the process. */
export interface PublisherTask {
  /** Name of the sink, which a failure names. */
  sink?: string;
  module: string;
  parameters: unknown;
  context: DestinationContext;
  waitMs: number;
  action:
    | { kind: 'inspect'; run: Pick<CommitIdentity, 'runKey' | 'sink'> }
    | { kind: 'check'; outlook: PublishOutlook }
    | { kind: 'position'; sources: AskedSource[] }
    | { kind: 'publish'; request: PublishRequest }
    | { kind: 'fence'; identity: CommitIdentity };
}

export type PublisherEvent =
  | { event: 'tick' | 'warming' | 'ready' | 'pong' }
  | { event: 'done'; result: unknown }
  | { event: 'failed'; failure: { type: FailureType; message: string; cause?: string } };

async function main(): Promise<void> {
  followUmaskOfUser(); // What is published is the user's own.
  if (process.argv.includes('--spare')) await warmUp();
  const task = await readTask();
  const ticking = setInterval(() => print({ event: 'tick' }), 1000);
  try {
    const destination = await loadDestination(task.module);
    const parameters = destination.parameters.parse(task.parameters);
    print({ event: 'done', result: await perform(destination, parameters, task) });
  } catch (error) {
    print({ event: 'failed', failure: describe(error) });
    process.exitCode = 1;
  } finally {
    clearInterval(ticking);
  }
  process.stdin.destroy(); // Held open by the parent; would keep this process alive.
}

async function perform(
  destination: Destination,
  parameters: unknown,
  { context, waitMs, action }: PublisherTask,
): Promise<unknown> {
  if (action.kind === 'check') return destination.check(parameters, context, action.outlook);
  const publisher = await destination.open(parameters, context, waitMs);
  try {
    await faultPoint(`publisher:${action.kind}:opened`);
    const result = await performAction(publisher, action);
    await faultPoint(`publisher:${action.kind}:done`);
    return result;
  } finally {
    await publisher.close();
  }
}

function performAction(
  publisher: Publisher,
  action: Exclude<PublisherTask['action'], { kind: 'check' }>,
): Promise<unknown> {
  switch (action.kind) {
    case 'inspect':
      return publisher.inspect(action.run);
    case 'position':
      return publisher.position(action.sources);
    case 'publish':
      return publisher.publish(action.request);
    case 'fence':
      return publisher.fence(action.identity);
  }
}

/** The first line of standard input; the process ends when its parent's end of it closes. */
/** Imports what any task needs; see `process/spares.ts`. */
async function warmUp(): Promise<void> {
  const warming = setInterval(() => print({ event: 'warming' }), 100);
  await Promise.all(destinationNames().map(loadDestination));
  clearInterval(warming);
  await faultPoint('publisher:spare-ready');
  print({ event: 'ready' });
}

function readTask(): Promise<PublisherTask> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin });
    lines.on('line', (line) => {
      if (line === 'ping') print({ event: 'pong' });
      else resolve(JSON.parse(line) as PublisherTask);
    });
    process.stdin.once('end', () => process.exit(143));
  });
}

function describe(error: unknown): { type: FailureType; message: string; cause?: string } {
  if (error instanceof ApplicationFailure && isFailureType(error.type)) {
    const detail = error.details?.[0] as { cause?: string } | undefined;
    return {
      type: error.type,
      message: error.message,
      ...(detail?.cause === undefined ? {} : { cause: detail.cause }),
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { type: systemRefusalOf(error) ?? 'InternalError', message };
}

function print(event: PublisherEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

await main();
