import { setTimeout as sleep } from 'node:timers/promises';
import type { DestinationContext } from '../../destinations/destination.js';
import { isRefusal } from '../../destinations/refusal.js';
import { loadDestination } from '../../destinations/registry.js';
import type { LoadedConfig } from '../document/document.js';
import { outlooksOf, sinkPath, type StepColumns } from './outlooks.js';
import type { Plan } from './plan-types.js';
import { problemAt, sortProblems, type Problem } from '../document/problems.js';

/** Milliseconds that a destination has to answer. */
const answerWithinMs = 8_000;

export interface CheckedDestinations {
  problems: Problem[];
  /** Why a destination could not be compared with, by the sink's name. */
  unreached: Record<string, string>;
}

/** Compares what the sinks get with what their destinations are now; nothing is changed there. */
export async function checkDestinations(
  loaded: LoadedConfig,
  plan: Pick<Plan, 'sinks'>,
  steps: StepColumns,
  context: DestinationContext,
): Promise<CheckedDestinations> {
  const checked: CheckedDestinations = { problems: [], unreached: {} };
  const looks = outlooksOf(plan, steps).map(async ({ index, sink, outlook }) => {
    const destination = await loadDestination(sink.module);
    const parameters = destination.parameters.parse(sink.parameters);
    try {
      await inTime(destination.check(parameters, context, outlook));
    } catch (error) {
      const { message } = error as Error;
      if (isRefusal(error)) {
        const text = `sink \`${sink.name}\`: ${message}`;
        checked.problems.push(problemAt(loaded, sinkPath(loaded, sink.name, index), text));
      } else checked.unreached[sink.name] = message.split('\n', 1)[0] ?? '';
    }
  });
  await Promise.all(looks);
  return { ...checked, problems: sortProblems(checked.problems) };
}

async function inTime(check: Promise<void>): Promise<void> {
  const waiting = new AbortController();
  const late = sleep(answerWithinMs, undefined, { signal: waiting.signal }).then(() => {
    throw new Error(`no answer within ${answerWithinMs / 1000} s`);
  });
  try {
    await Promise.race([check, late]);
  } finally {
    waiting.abort();
    late.catch(() => undefined);
  }
}
