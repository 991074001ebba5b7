import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { receiptsOf, type Violation } from './invariants.js';
import { jobsOf } from './jobs.js';
import type { PlayedRun } from './play.js';
import type { Schedule } from './schedule.js';
import type { World } from './world.js';

/** Keeps in the world's folder what is needed to find out why a promise was broken. */
export async function keepEvidence(
  world: World,
  {
    schedule,
    story,
    runs,
    violations,
  }: {
    schedule: Schedule;
    story: readonly string[];
    runs: readonly PlayedRun[];
    violations: readonly Violation[];
  },
): Promise<void> {
  const keep = (name: string, content: unknown): Promise<void> =>
    writeFile(join(world.folder, name), `${JSON.stringify(content, null, 1)}\n`);
  await keep('schedule.json', schedule);
  await keep('runs.json', runs);
  await keep('violations.json', violations);
  await keep('jobs.json', await jobsOf(world));
  await keep('receipts.json', [...(await receiptsOf(world, runs)).values()]);
  await writeFile(join(world.folder, 'story.txt'), `${story.join('\n')}\n`);
  const concerned = new Set(violations.map(({ runKey }) => runKey));
  for (const { runKey, workflowId } of runs) {
    if (!concerned.has(runKey)) continue;
    const history = await world.client.workflow.getHandle(workflowId).fetchHistory();
    await keep(`history-${runKey}.json`, historyToJSON(history));
  }
}
