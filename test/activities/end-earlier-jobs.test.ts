import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { createFinish } from '../../src/activities/finish.js';
import { DataflowUnavailable } from '../../src/gateways/dataflow.js';
import { jobNameOf, labelsOf } from '../../src/shared/run/job-identity.js';
import type { JobState, JobView } from '../../src/shared/run/job.js';
import type { Outcome, Receipt } from '../../src/shared/run/receipt.js';
import { openLocalStore } from '../../src/store/local-store.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { createFakeObjects, FakeJobs } from '../support/fake-jobs.js';
import { inActivity, ownRunId, targetOf } from './support.js';

const runKey = 'aaaaaaaaaa';
const running = 'JOB_STATE_RUNNING';
const cancelling = 'JOB_STATE_CANCELLING';
const target = targetOf('gs://bucket/store');

describe('jobs from before a reset', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'beamline-test-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  it('are cancelled where the run ends without them: those of this run and deployment, twice without harm', async () => {
    const service = new FakeJobs();
    for (const job of [
      jobOf('ours', {}),
      jobOf('other-run', { runKey: 'bbbbbbbbbb' }),
      jobOf('other-deployment', { deployment: 'other' }),
      jobOf('ended', { state: 'JOB_STATE_DONE' }),
    ]) {
      service.add(job);
    }
    for (let time = 1; time <= 2; time++) {
      await finish(service, 'cancelled', 'another-run-id');
      assert.deepEqual(statesOf(service), {
        ours: cancelling,
        'other-run': running,
        'other-deployment': running,
        ended: 'JOB_STATE_DONE',
      });
    }
  });

  it('are not looked for where the run was not reset, or succeeded', async () => {
    const service = new FakeJobs();
    service.add(jobOf('ours', {}));
    await finish(service, 'cancelled', ownRunId);
    await finish(service, 'succeeded', 'another-run-id');
    assert.deepEqual(service.calls, []);
  });

  it('keep no run from its end where the service does not answer', async () => {
    const service = new FakeJobs();
    service.failures.push(new DataflowUnavailable('down'));
    await finish(service, 'failed', 'another-run-id');
    assert.deepEqual(service.calls, ['list']);
  });

  async function finish(service: FakeJobs, outcome: Outcome, firstRunId: string): Promise<void> {
    const raw = { workflowExecutionInfo: { firstRunId } };
    const describe = async () => ({ status: { name: 'RUNNING' }, raw });
    const activity = createFinish({
      root,
      store: await openLocalStore(root),
      client: { workflow: { getHandle: () => ({ describe }) } } as unknown as Client,
      objects: async () =>
        ({ ...createFakeObjects(), write: async () => undefined }) as unknown as ObjectStore,
      dataflow: async () => service,
    });
    const run = { runKey, planSha256: '', storeId: '', profiles: null, destinationWaitMs: 0 };
    await inActivity(
      activity,
      run,
      { runner: 'dataflow', outcome, sinks: [] } as unknown as Receipt,
      target,
    );
  }
});

function jobOf(
  jobId: string,
  given: { runKey?: string; deployment?: string; state?: JobState },
): JobView {
  const identity = { runKey, deployment: target.deployment, workflowId: 'w', ordinal: 1, ...given };
  return {
    jobId,
    jobName: jobNameOf('orders', new Date(0), identity.runKey, 1),
    state: given.state ?? running,
    type: 'batch',
    labels: labelsOf(identity),
  };
}

function statesOf({ jobs }: FakeJobs): Record<string, JobState> {
  return Object.fromEntries([...jobs.values()].map(({ jobId, state }) => [jobId, state]));
}
