import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { JobActivities } from '../../src/runners/dataflow/workflow/job-activities.js';

interface TimedActivities {
  activities: JobActivities;
  /**
   * The calls of some activities, each with the server's time since the first of them, as a number of units
   * of so many seconds: `3 readJob`. A busy machine may take a part of a unit longer.
   */
  times: (unit: number, ...names: (keyof JobActivities)[]) => string[];
}

/** The same activities, with a record of when each was called. */
export function timedActivities(
  environment: TestWorkflowEnvironment,
  activities: JobActivities,
): TimedActivities {
  const calls: { name: string; at: number }[] = [];
  const timed = Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      async (...args: unknown[]) => {
        calls.push({ name, at: await environment.currentTimeMs() });
        return (activity as (...args: unknown[]) => Promise<unknown>)(...args);
      },
    ]),
  );
  return {
    activities: timed as unknown as JobActivities,
    times: (unit, ...names) => {
      const wanted = calls.filter(({ name }) => (names as string[]).includes(name));
      const first = wanted[0]?.at ?? 0;
      return wanted.map(({ name, at }) => `${Math.round((at - first) / 1000 / unit)} ${name}`);
    },
  };
}
