import { loadRunnerPart } from '../runners/load.js';
import { runnerNames } from '../runners/registry.js';
import type { RunnerTarget } from '../shared/run/job.js';
import type { ActivityDeps } from './attempt/deps.js';

/** Activities by their names: those of a runner are called by its workflow part alone. */
export type Activities = Record<string, (...given: never[]) => Promise<unknown>>;

/** What a runner does outside of the history (`src/runners/<name>/activities.ts`, export `activities`). */
export interface RunnerActivities {
  /** On the queue of all workers. */
  shared?(deps: ActivityDeps): Activities;
  /** On the queue of the workers of one store. */
  ofStore?(deps: ActivityDeps): Activities;
  /** Ends the jobs that earlier executions of a run started, and that it did not take over: nobody waits for them. */
  endEarlier?(
    deps: Pick<ActivityDeps, 'client' | 'dataflow'>,
    target: RunnerTarget,
    runKey: string,
  ): Promise<void>;
}

export function runnerActivities(runner: string): Promise<RunnerActivities> {
  return loadRunnerPart(runner, 'activities');
}

/** The activities of all runners, for both queues. */
export async function allRunnerActivities(
  deps: ActivityDeps,
): Promise<{ shared: Activities; ofStore: Activities }> {
  const loaded = await Promise.all(
    runnerNames.map(async (name) => ({ name, runner: await runnerActivities(name) })),
  );
  const of = (queue: 'shared' | 'ofStore'): Activities => {
    const all: Activities = {};
    for (const { name, runner } of loaded) {
      for (const [activity, act] of Object.entries(runner[queue]?.(deps) ?? {})) {
        if (Object.hasOwn(all, activity)) {
          throw new Error(`runner \`${name}\`: another runner has an activity \`${activity}\``);
        }
        all[activity] = act;
      }
    }
    return all;
  };
  return { shared: of('shared'), ofStore: of('ofStore') };
}
