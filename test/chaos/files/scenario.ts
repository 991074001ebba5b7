import { jobLabelNames } from '../../../src/shared/run/job-identity.js';
import { receiptsOf, type Violation } from '../invariants.js';
import { jobsOf } from '../jobs.js';
import type { PlayedRun } from '../play.js';
import type { Scenario } from '../scenario.js';
import { bySpeed } from '../schedule.js';
import type { World } from '../world.js';
import { commitsOf, contentsOf, type Commit } from './destinations.js';
import { pipelines, writeProject } from './pipelines.js';

/** Runs that read a file whole and publish it twice, on Dataflow. */
export const wholeFiles: Scenario = {
  prepare: async () => ({
    env: {},
    members: [],
    input: {},
    writeProject,
    violations: async (world, runs) => [
      ...(await everyRowOnce(world)),
      ...(await oneCommitEach(world, runs)),
    ],
    end: async () => undefined,
  }),
};

/** The names of its pipelines, as a schedule wants them. */
export const filePipelines = bySpeed(pipelines);

/** The model of a destination: an append adds every row once, a replace leaves them once. */
async function everyRowOnce({ roots }: World): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const root of roots) {
    for (const { name, mode } of pipelines) {
      const commits = await commitsOf(root, name);
      for (const sink of ['warehouse', 'lake'] as const) {
        const own = commits.filter((commit) => commit.sink === sink).length;
        const times = mode === 'append' ? own : Math.min(own, 1);
        const found = await contentsOf(root, name, sink);
        if (found.fewest !== times || found.most !== times || (times > 0 && !found.complete)) {
          violations.push({
            what:
              `${root}: ${sink} of ${name} has rows from ${found.fewest} to ${found.most} times` +
              `${found.complete ? '' : ', and not all of them'}; ${own} commits ask for ${times}`,
          });
        }
      }
    }
  }
  return violations;
}

/** A run that succeeded has one commit to each sink; another has those that its receipt owns up to. */
async function oneCommitEach(world: World, runs: readonly PlayedRun[]): Promise<Violation[]> {
  const jobs = await jobsOf(world);
  const receipts = await receiptsOf(world, runs);
  const commits: Commit[] = [];
  for (const root of world.roots) {
    for (const { name } of pipelines) commits.push(...(await commitsOf(root, name)));
  }
  const violations: Violation[] = [];
  for (const { runKey, status } of runs) {
    const done = commits
      .filter((commit) => commit.runKey === runKey)
      .map(({ sink }) => sink)
      .toSorted();
    const receipt = receipts.get(runKey);
    const owned = (receipt?.sinks ?? [])
      .filter(({ state }) => state === 'published')
      .map(({ name }) => name)
      .toSorted();
    const wanted = status === 'COMPLETED' ? ['lake', 'warehouse'] : owned;
    if (done.join() !== wanted.join()) {
      violations.push({
        what: `${status} with commits to [${done.join()}], and [${wanted.join()}] must be there`,
        runKey,
      });
    }
    if (status === 'COMPLETED' && receipt?.outcome !== 'succeeded') {
      violations.push({ what: `succeeded, its receipt says ${receipt?.outcome}`, runKey });
    }
    const isDone = jobs.some(
      ({ labels, currentState }) =>
        labels[jobLabelNames.runKey] === runKey && currentState === 'JOB_STATE_DONE',
    );
    if (done.length > 0 && !isDone) violations.push({ what: 'published without a job', runKey });
    if (receipt?.sinks.some(({ state }) => state === 'uncertain')) {
      violations.push({ what: 'a sink is uncertain though its host is up', runKey });
    }
  }
  return violations;
}
