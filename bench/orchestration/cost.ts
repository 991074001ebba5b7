import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { lockWorkflowType } from '../../src/shared/names.js';
import { actionsOf, totalOf } from './actions.js';
import { historyOf, kindsOf } from './history.js';
import { startWorker } from './measured-worker.js';
import type { Site } from './site.js';
import { quantile } from './statistics.js';

type Runner = 'local' | 'dataflow';

/**
 * What one normal run costs at Temporal: real runs of a pipeline of one source and one sink, whose Beam
 * really runs, one after the other, on each runner. Counted from their histories, their locks' too.
 */
export async function measureCost(site: Site, rounds: number) {
  const worker = await startWorker(site);
  try {
    return { local: await runsOn('local'), dataflow: await runsOn('dataflow') };
  } finally {
    await worker.stop();
  }

  async function runsOn(runner: Runner) {
    const runs = [];
    for (let round = 0; round < rounds; round++) {
      const before = await heartbeats();
      const run = await oneRun(site, runner, `cost-${runner}-${round}`);
      const sent = (await heartbeats()) - before;
      runs.push({ ...run, heartbeats: sent });
    }
    return { ...middleOf(runs), runs };
  }

  function heartbeats(): Promise<number> {
    return worker.metric('temporal_request', 'operation="RecordActivityTaskHeartbeat"');
  }
}

async function oneRun(site: Site, runner: Runner, workflowId: string) {
  const { client } = site;
  await site.start(workflowId, { runner, args: { number: workflowId } });
  const handle = client.workflow.getHandle<(input: object) => Promise<Receipt>>(workflowId);
  const receipt = await handle.result();
  const lockId = await lockOf(client, workflowId);
  await client.workflow.getHandle(lockId).result();
  await sleep(200);
  const events = await historyOf(client, workflowId);
  const lockEvents = await historyOf(client, lockId);
  const description = await handle.describe();
  const actions = actionsOf(events);
  const lockActions = actionsOf(lockEvents);
  return {
    duration_ms: receipt.duration_ms,
    events: events.length,
    bytes: Number(description.raw.workflowExecutionInfo?.historySizeBytes ?? 0),
    kinds: kindsOf(events),
    actions,
    lock_events: lockEvents.length,
    lock_actions: lockActions,
    history_actions: totalOf(actions) + totalOf(lockActions),
  };
}

/** The lock that a run asked for: the first argument of its activity `requestLock`. */
async function lockOf(client: Site['client'], workflowId: string): Promise<string> {
  for (const event of await historyOf(client, workflowId)) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled?.activityType?.name !== 'requestLock') continue;
    const [payload] = scheduled.input?.payloads ?? [];
    return JSON.parse(Buffer.from(payload?.data ?? '').toString('utf8')) as string;
  }
  throw new Error(`${workflowId} asked for no ${lockWorkflowType}`);
}

/** Medians of what differs from run to run: workflow tasks that two events share or do not. */
function middleOf(runs: ({ heartbeats: number } & Awaited<ReturnType<typeof oneRun>>)[]) {
  const median = (of: (run: (typeof runs)[number]) => number) => quantile(runs.map(of), 0.5);
  return {
    events: median(({ events }) => events),
    bytes: median(({ bytes }) => bytes),
    lock_events: median(({ lock_events }) => lock_events),
    heartbeats: median(({ heartbeats }) => heartbeats),
    actions: median(({ history_actions }) => history_actions),
    duration_ms: median(({ duration_ms }) => duration_ms),
  };
}
