import type { ReapActivities } from '../shared/run/reap.js';
import type { PipelineActivities } from '../workflows/contract/activities.js';
import { assertAwaited } from './attempt/assert-awaited.js';
import { createAudit } from './staged/audit.js';
import type { ActivityDeps } from './attempt/deps.js';
import { createFinish } from './finish.js';
import { heartbeating } from './attempt/heartbeating.js';
import { createIsRunOpen, createRequestLock } from './locks.js';
import { createPrepare } from './prepare.js';
import { createFence, createInspectDestinations, createPublish } from './publish/publish.js';
import { createReap } from './reap.js';
import { createResolveWindows } from './windows/resolve.js';

export type { ActivityDeps } from './attempt/deps.js';

/** The activities that any worker can run; some of them only for a run that needs no disk of a host. */
export function createSharedActivities(deps: ActivityDeps): PipelineActivities & ReapActivities {
  const requestLock = createRequestLock(deps);
  return {
    ...createStoreActivities(deps),
    requestLock: async (...request) => {
      await assertAwaited(deps.client);
      return requestLock(...request);
    },
    isRunOpen: createIsRunOpen(deps),
    reap: heartbeating(createReap(deps)),
  };
}

/** What is done by the workers of one store, or by any: as the run needs that store's disk or not. */
export function createStoreActivities(
  deps: ActivityDeps,
): Omit<PipelineActivities, 'requestLock' | 'isRunOpen'> {
  return {
    prepare: heartbeating(createPrepare(deps)),
    inspectDestinations: heartbeating(createInspectDestinations(deps)),
    resolveWindows: heartbeating(createResolveWindows(deps)),
    audit: heartbeating(createAudit(deps)),
    publish: heartbeating(createPublish(deps)),
    fence: heartbeating(createFence(deps)),
    finish: heartbeating(createFinish(deps)),
  };
}
