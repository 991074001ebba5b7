import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isTerminal } from '../../src/shared/run/job-end.js';
import { jobLabelNames } from '../../src/shared/run/job-identity.js';
import { lockWorkflowType } from '../../src/shared/names.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { openLocalStore, storePaths } from '../../src/store/local-store.js';
import { leftovers } from '../support/hosts.js';
import { jobsOf, type Job } from './jobs.js';
import type { PlayedRun } from './play.js';
import { bucketStore, type World } from './world.js';

/** A promise that was broken, and by which run where one is at fault. */
export interface Violation {
  what: string;
  runKey?: string;
}

/** Longest that what runs left may still be there after the last of them has ended. */
const graceMs = 60_000;

/** Everything that must hold when every run has ended, whatever befell the processes. */
export async function violationsOf(world: World, runs: readonly PlayedRun[]): Promise<Violation[]> {
  await quiet(world);
  const jobs = await jobsOf(world);
  return [
    ...everyRunEnded(runs),
    ...oneJobAtATime(runs, jobs),
    ...noActiveJob(jobs),
    ...(await nothingLeft(world)),
    ...(await world.prepared.violations(world, runs)),
  ];
}

/** Waits, within the grace, until no job is active and nothing is staged or locked. */
async function quiet(world: World): Promise<void> {
  const until = Date.now() + graceMs;
  while (Date.now() < until) {
    const active = noActiveJob(await jobsOf(world));
    if (active.length === 0 && (await nothingLeft(world)).length === 0) return;
    await sleep(1_000);
  }
}

function everyRunEnded(runs: readonly PlayedRun[]): Violation[] {
  return runs
    .filter(({ status }) => status === null)
    .map(({ runKey, step }) => ({ what: `run ${step.run} does not end`, runKey }));
}

/** Jobs of one run do not overlap in time, and each launch ordinal has one. */
function oneJobAtATime(runs: readonly PlayedRun[], jobs: readonly Job[]): Violation[] {
  return runs.flatMap(({ runKey }) => {
    const own = jobs
      .filter(({ labels }) => labels[jobLabelNames.runKey] === runKey)
      .toSorted((one, other) => one.createTime.localeCompare(other.createTime));
    const violations: Violation[] = [];
    const ordinals = own.map(({ labels }) => labels[jobLabelNames.ordinal]);
    if (new Set(ordinals).size !== ordinals.length) {
      violations.push({ what: `launch ordinals ${ordinals.join(', ')}`, runKey });
    }
    for (const [index, job] of own.entries()) {
      const next = own[index + 1];
      if (next === undefined) break;
      if (!isTerminal(job.currentState) || job.currentStateTime > next.createTime) {
        violations.push({ what: `jobs ${job.id} and ${next.id} were active at once`, runKey });
      }
    }
    return violations;
  });
}

function noActiveJob(jobs: readonly Job[]): Violation[] {
  return jobs
    .filter(({ currentState }) => !isTerminal(currentState))
    .map(({ id, currentState, labels }) => ({
      what: `job ${id} is ${currentState} and no run is open`,
      runKey: labels[jobLabelNames.runKey] ?? '',
    }));
}

async function nothingLeft(world: World): Promise<Violation[]> {
  const violations: Violation[] = [];
  for await (const { uri } of world.objects.list(`${bucketStore}/staging/`)) {
    violations.push({ what: `${uri} is left`, runKey: uri.split('/').at(-3) ?? '' });
  }
  for (const file of await leftovers(world.roots)) {
    violations.push({ what: `${file} is left in a local store` });
  }
  const query = `WorkflowType = '${lockWorkflowType}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of world.client.workflow.list({ query })) {
    violations.push({ what: `the lock ${workflowId} is held or waited for` });
  }
  return violations;
}

/** The receipts that the hosts keep. */
export async function receiptsOf(
  { roots }: World,
  runs: readonly PlayedRun[],
): Promise<Map<string, Receipt>> {
  const found = new Map<string, Receipt>();
  for (const root of roots) {
    const store = await openLocalStore(join(root, '.beamline', 'store'));
    for (const { runKey } of runs) {
      const file = storePaths.receipt(store, runKey);
      if (!existsSync(file)) continue;
      found.set(runKey, JSON.parse(await readFile(file, 'utf8')) as Receipt);
    }
  }
  return found;
}
