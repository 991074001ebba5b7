import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { JobProgress } from '../../src/client/look/job-progress.js';
import { stepKindsOf } from '../../src/client/look/step-kinds.js';
import { DataflowRefused, DataflowUnavailable } from '../../src/gateways/dataflow.js';
import type { ReceiptJob } from '../../src/shared/run/job.js';
import { temporaryRoot } from '../support/stack.js';
import { FakeJobs } from '../support/fake-jobs.js';

const job: ReceiptJob = {
  project: 'p',
  region: 'r',
  job_id: 'j1',
  job_name: 'orders-1',
  state: 'JOB_STATE_PENDING',
  url: 'https://console',
  launch: 1,
};

/** A look at a time, and all that goes on beside it. */
async function look(progress: JobProgress, at: number, of = job) {
  progress.stepsOf(of, at);
  await turn();
  return progress.stepsOf({ ...of, state: 'JOB_STATE_DONE' }, at);
}

/** What opens a service on a machine without credentials. */
function withoutCredentials(): Promise<never> {
  return Promise.reject(new Error('could not load the default credentials'));
}

const kinds = async () => new Map([['orders', 'source' as const]]);

describe("the progress of a run's job", () => {
  let dataflow: FakeJobs;
  let opened: number;

  beforeEach(() => {
    dataflow = new FakeJobs();
    opened = 0;
    setRows(100);
  });

  function setRows(orders: number): void {
    dataflow.metricsOf.set('j1', {
      rows: { orders },
      vcpuHours: null,
      memoryGbHours: null,
      diskGbHours: null,
      shuffleGb: null,
    });
  }
  async function open() {
    opened++;
    return dataflow;
  }
  function watch(): JobProgress {
    return new JobProgress(open, { kinds, everyMs: 5_000 });
  }
  const asked = (): number => dataflow.calls.length;

  it('is read from its metrics, not oftener than every five seconds', async () => {
    const progress = watch();
    const steps = await look(progress, 0);
    assert.deepEqual(steps, { orders: { kind: 'source', rows: 100, bytes: 0, done: false } });
    setRows(200);
    assert.equal((await look(progress, 4_999))['orders']?.rows, 100);
    assert.equal((await look(progress, 5_000))['orders']?.rows, 200);
    assert.equal(asked(), 2);
    assert.equal(opened, 1);
  });

  it('is not read before a job is known, or after it has ended', async () => {
    const progress = watch();
    await look(progress, 0, { ...job, job_id: '' });
    await look(progress, 6_000, { ...job, state: 'JOB_STATE_DONE' });
    assert.equal(opened, 0);
  });

  it('stops when nobody watches any more', async () => {
    const progress = watch();
    await look(progress, 0);
    progress.close();
    await look(progress, 6_000);
    assert.equal(asked(), 1);
    assert.ok(dataflow.isClosed);
  });

  it('survives a look that was lost', async () => {
    const progress = watch();
    dataflow.failures = [new DataflowUnavailable('503')];
    assert.deepEqual(await look(progress, 0), {});
    assert.equal((await look(progress, 6_000))['orders']?.rows, 100);
  });

  it('is silent, and asks no more, where it may not look', async () => {
    const progress = watch();
    dataflow.failures = [new DataflowRefused('no', 'PERMISSION_DENIED')];
    for (const at of [0, 6_000, 12_000]) assert.deepEqual(await look(progress, at), {});
    assert.equal(asked(), 1);
  });

  it('is silent without credentials', async () => {
    const progress = new JobProgress(withoutCredentials, { kinds });
    assert.deepEqual(await look(progress, 0), {});
    progress.close();
    await turn();
  });
});

describe("the kinds of a run's steps", () => {
  const sha256 = 'ab'.repeat(32);
  const handle = {
    fetchHistory: async () => ({
      events: [
        {
          eventId: 5n,
          activityTaskScheduledEventAttributes: { activityType: { name: 'prepare' } },
        },
        {
          eventId: 7n,
          activityTaskCompletedEventAttributes: {
            scheduledEventId: 5n,
            result: { payloads: [defaultPayloadConverter.toPayload({ planSha256: sha256 })] },
          },
        },
      ],
    }),
  } as unknown as WorkflowHandle;

  it('are those of the plan that it pinned, and none where that is not here', async () => {
    const { root, remove } = await temporaryRoot();
    try {
      assert.deepEqual(await stepKindsOf(handle, root), new Map());
      const folder = join(root, '.beamline', 'store', 'plans');
      await mkdir(folder, { recursive: true });
      const plan = { sources: [{ name: 'orders' }], transforms: [], sinks: [{ name: 'lake' }] };
      await writeFile(join(folder, `${sha256}.json`), JSON.stringify(plan));
      assert.deepEqual(
        await stepKindsOf(handle, root),
        new Map([
          ['orders', 'source'],
          ['lake', 'sink'],
        ]),
      );
      const none = { fetchHistory: async () => ({ events: [] }) } as unknown as WorkflowHandle;
      assert.deepEqual(await stepKindsOf(none, root), new Map());
    } finally {
      await remove();
    }
  });
});
