import { proxyActivities } from '@temporalio/workflow';
import type { RunReference, Staged } from '../../workflows/contract/activities.js';
import { supervised } from '../../workflows/contract/proxies.js';
import type { RunnerWorkflow } from '../../workflows/runner.js';

/** The activities of a run on this machine, on a worker of its store. */
export interface LocalActivities {
  /** Runs the Beam pipeline in a child process; heartbeats carry its progress. */
  runBeam(run: RunReference): Promise<Staged>;
}

export const workflow: RunnerWorkflow = {
  stage: ({ run, routes }) =>
    routes.onHost((queue) =>
      proxyActivities<LocalActivities>({
        ...supervised,
        ...queue,
        startToCloseTimeout: '30d',
      }).runBeam(run),
    ),
};
