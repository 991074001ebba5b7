import assert from 'node:assert/strict';
import { createReportJob } from '../../src/runners/dataflow/activities/report-job.js';
import { DataflowRefused, DataflowUnavailable } from '../../src/gateways/dataflow.js';
import { labelsOf } from '../../src/shared/run/job-identity.js';
import type { DataflowTarget, JobMetrics } from '../../src/shared/run/job.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { createFakeObjects, FakeJobs } from '../support/fake-jobs.js';

const job = { project: 'p', region: 'us-central1', jobId: 'j1' };
const target: DataflowTarget = {
  project: 'p',
  region: 'us-central1',
  store: 'gs://b/beamline',
  deployment: 'd',
  console: 'https://console',
  launch: { containerSpecGcsPath: 'gs://b/spec.json', attempts: 1 },
  reconcileAfterMs: 1,
  forceCancelAfterMs: 1,
};
const metrics: JobMetrics = {
  rows: { orders: 1000 },
  vcpuHours: 0.5,
  memoryGbHours: 2,
  diskGbHours: 0,
  shuffleGb: null,
};
const failureFile = 'gs://b/beamline/staging/q4kx7mw2ta/2/failure.json';

function withoutCredentials(): Promise<never> {
  return Promise.reject(new Error('could not load the default credentials'));
}

describe('the report of a job', () => {
  let dataflow: FakeJobs;
  let objects: ReturnType<typeof createFakeObjects>;

  beforeEach(() => {
    dataflow = new FakeJobs();
    objects = createFakeObjects();
    dataflow.metricsOf.set('j1', metrics);
    dataflow.messagesOf.set('j1', [
      { time: '2026-11-25T03:04:10Z', importance: 'basic', text: 'Out of memory, says no error' },
      { time: '2026-11-25T03:04:11Z', importance: 'error', text: "Quota 'CPUS' exceeded." },
    ]);
    dataflow.add({
      jobId: 'j1',
      jobName: 'orders-1',
      state: 'JOB_STATE_FAILED',
      type: 'batch',
      labels: labelsOf({ workflowId: 'w', runKey: 'q4kx7mw2ta', ordinal: 2, deployment: 'd' }),
    });
  });

  const report = (failed: boolean) =>
    createReportJob({
      dataflow: async () => dataflow,
      objects: async () => objects as unknown as ObjectStore,
      prices: () => ({}),
      waits: [1, 1],
    })(job, target, failed);

  it('holds what the job consumed and cost', async () => {
    const { metrics: found, cost, failure } = await report(false);
    assert.deepEqual(found, metrics);
    assert.deepEqual(cost, { amount: 0.035114, currency: 'USD', prices: '2026-11-25' });
    assert.equal(failure, null);
    assert.deepEqual(dataflow.calls, ['metrics j1']);
  });

  it('holds why the job failed, and is the same twice', async () => {
    const first = await report(true);
    assert.equal(first.failure?.cause, 'quota');
    assert.deepEqual(await report(true), first);
  });

  it('prefers what our own process left beside its staging', async () => {
    const left = { type: 'SqlError', message: 'no column totl', retryable: false, step: 'delays' };
    for (const document of [left, { event: 'failed', failure: left }]) {
      objects.objects.set(failureFile, JSON.stringify(document));
      const { failure } = await report(true);
      assert.equal(failure?.cause, 'user_sql');
      assert.equal(failure.step, 'delays');
    }
  });

  it('does not trip over a document that is none', async () => {
    for (const text of ['', '{', 'null', '[]', '{"failure":{"type":1,"message":"x"}}']) {
      objects.objects.set(failureFile, text);
      assert.equal((await report(true)).failure?.cause, 'quota');
    }
  });

  it('tries a service again that does not answer', async () => {
    dataflow.failures = [new DataflowUnavailable('503'), new DataflowUnavailable('503')];
    assert.deepEqual((await report(false)).metrics, metrics);
  });

  it('goes without what a service does not give in the end, and names the command to look', async () => {
    dataflow.failures = Array.from({ length: 9 }, () => new DataflowUnavailable('503'));
    const { metrics: none, cost, failure } = await report(true);
    assert.deepEqual([none, cost], [null, null]);
    assert.equal(failure?.cause, 'unknown');
    assert.match(failure.next, /gcloud logging read .*job_id="j1".* --project=p/);
  });

  it('asks a service once that refuses', async () => {
    dataflow.failures = [new DataflowRefused('no', 'PERMISSION_DENIED')];
    assert.equal((await report(false)).metrics, null);
    assert.deepEqual(dataflow.calls, ['metrics j1']);
  });

  it('does not fail where there are no credentials', async () => {
    const activity = createReportJob({
      dataflow: withoutCredentials,
      objects: withoutCredentials,
      prices: () => ({}),
    });
    const { metrics: found, failure } = await activity(job, target, true);
    assert.equal(found, null);
    assert.equal(failure?.cause, 'unknown');
  });
});
