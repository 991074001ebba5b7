import { Context } from '@temporalio/activity';
import type { PublisherEvent, PublisherTask } from '../../destinations/publisher-process.js';
import { programFile } from '../../process/bundled-program.js';
import { supervise } from '../../process/supervise.js';
import { endRecordedProcesses } from '../../process/process-record.js';
import { failure } from '../../shared/failures.js';
import { storePaths } from '../../store/local-store.js';
import { destinationHash } from '../../store/run-key.js';
import { cancellationOf } from '../attempt/cancellation.js';
import type { ActivityDeps } from '../attempt/deps.js';

export const publisherProgram = programFile('publisher', 'destinations/publisher-process.js');
/** The child prints a line every second, whatever it does. */
const stallAfterMs = 10_000;
const graceMs = 2_000;

/**
 * Does one task on a destination in a short-lived child process.
 *
 * The caller's run holds the destination's lock. So a publisher of ours that is still alive for
 * it belongs to an attempt or a run that was replaced, and is ended first: it may be paused, and
 * hold the file.
 *
 * @param as `beside others`: the run does not hold the lock, and only looks; nobody is ended
 */
export async function inPublisher<T>(
  { store, spares }: Pick<ActivityDeps, 'store' | 'spares'>,
  destination: string,
  task: PublisherTask,
  as: 'holder' | 'beside others' = 'holder',
): Promise<T> {
  const context = Context.current();
  const records = storePaths.publisherProcesses(store, destinationHash(destination));
  if (as === 'holder') await endRecordedProcesses(records);
  let last: PublisherEvent | undefined;
  const input = `${JSON.stringify(task)}\n`;
  const end = await supervise({
    command: process.execPath,
    args: [publisherProgram],
    cwd: task.context.root,
    input,
    spares: spares && { of: spares.publisher, input },
    records,
    onEvent: (line) => {
      const event = line as PublisherEvent;
      if (event.event !== 'tick') last = event;
    },
    stallAfterMs,
    graceMs,
    signal: context.cancellationSignal,
  });
  if (last?.event === 'done') return last.result as T;
  const { sink } = task;
  if (context.cancellationSignal.aborted) throw await cancellationOf();
  if (last?.event === 'failed') {
    const { type, message, cause } = last.failure;
    throw failure(type, message, { step: sink, ...(cause === undefined ? {} : { cause }) });
  }
  const how = end.stalled
    ? `gave no sign of life for ${stallAfterMs / 1000} s and was ended`
    : `ended ${end.signal ? `by signal ${end.signal}` : `with exit code ${end.exitCode}`}`;
  throw failure('PublisherCrashed', `the publisher of ${destination} ${how}`, {
    step: sink,
    stderr: end.stderr.slice(-20),
  });
}
