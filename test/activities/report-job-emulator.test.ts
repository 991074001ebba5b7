import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createReportJob } from '../../src/runners/dataflow/activities/report-job.js';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.js';
import type { Dataflow } from '../../src/gateways/dataflow.js';
import { createDataflow } from '../../src/gateways/google-dataflow.js';
import { createObjectStore } from '../../src/gateways/google-storage.js';
import { labelsOf } from '../../src/shared/run/job-identity.js';
import type { DataflowTarget } from '../../src/shared/run/job.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { startStorage, type StorageEmulator } from '../support/storage.js';
import {
  becomes,
  clientsOf,
  launch,
  project,
  quick,
  region,
  temporaryFolder,
  type Clients,
} from '../emulator/support.js';

const target: DataflowTarget = {
  project,
  region,
  store: 'gs://b/beamline',
  deployment: 'd',
  console: 'https://console',
  launch: { containerSpecGcsPath: 'gs://b/spec.json', attempts: 1 },
  reconcileAfterMs: 1,
  forceCancelAfterMs: 1,
};

describe('the report of a job of the emulator', function () {
  this.timeout(30_000);
  const folder = temporaryFolder();
  let emulator: Emulator;
  let clients: Clients;
  let dataflow: Dataflow;
  let storage: StorageEmulator;
  let objects: ObjectStore;
  before(async () => {
    storage = await startStorage(join(folder.path, 'storage'));
    await storage.createBucket('b');
    objects = createObjectStore({ endpoint: storage.endpoint });
    emulator = await startEmulator(quick(folder.path, { storage: storage.endpoint }));
    clients = clientsOf(emulator);
    dataflow = await createDataflow({ emulator: emulator.grpc });
  });
  after(async () => {
    await dataflow?.close();
    await clients?.close();
    await emulator?.close();
    await storage?.stop();
    folder.remove();
  });

  async function reportOf(name: string, mode: string, end: 'DONE' | 'FAILED') {
    const labels = labelsOf({
      workflowId: 'w',
      runKey: 'aaaaaaaaaa',
      ordinal: 1,
      deployment: 'd',
    });
    const environment = { additionalUserLabels: labels, stagingLocation: 'gs://b/libs' };
    const jobId = await launch(clients, name, { mode }, { environment });
    await becomes(clients, jobId, end);
    const activity = createReportJob({
      dataflow: async () => dataflow,
      objects: async () => objects,
      prices: () => ({ vcpu_hour: 1, memory_gb_hour: 1, disk_gb_hour: 1, shuffle_gb: 1 }),
    });
    return activity({ project, region, jobId }, target, end === 'FAILED');
  }

  it('has the rows that left each step', async () => {
    const { metrics, cost, failure } = await reportOf('report-1', 'ok', 'DONE');
    assert.equal(metrics?.rows['flights'], 10);
    assert.ok(metrics.vcpuHours !== null && metrics.vcpuHours >= 0);
    assert.equal(cost?.prices, 'settings');
    assert.equal(failure, null);
  });

  it('has the cause of a failure in a worker', async () => {
    const { failure } = await reportOf('report-2', 'fail', 'FAILED');
    assert.equal(failure?.cause, 'user_sql');
    assert.equal(failure.message, 'no such column: x');
  });

  it('has the cause of a failure in the launcher', async () => {
    const { failure } = await reportOf('report-3', 'unstarted', 'FAILED');
    assert.equal(failure?.cause, 'launcher');
    assert.match(failure.message, /ModuleNotFoundError: no module named lost/);
  });
});
