import assert from 'node:assert/strict';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.js';
import {
  becomes,
  clientsOf,
  launch,
  project,
  quick,
  region,
  spec,
  startReceiver,
  stateOf,
  temporaryFolder,
  type Clients,
  type Receiver,
} from './support.js';
import { until } from '../support/until.js';

const where = (jobId: string) => ({ projectId: project, location: region, jobId });

describe('a job of the emulator, through the clients of Google', () => {
  const folder = temporaryFolder();
  let receiver: Receiver;
  let emulator: Emulator;
  let clients: Clients;
  before(async () => {
    receiver = await startReceiver();
    emulator = await startEmulator(
      quick(folder.path, { events: [receiver.url], eventsToken: 'secret', cancelGraceMs: 200 }),
    );
    clients = clientsOf(emulator);
  });
  after(async () => {
    await clients.close();
    await emulator.close();
    await receiver.close();
    folder.remove();
  });

  const messagesOf = async (jobId: string, minimumImportance = 'JOB_MESSAGE_ERROR') => {
    const [messages] = await clients.messages.listJobMessages({
      projectId: project,
      location: region,
      jobId,
      minimumImportance: minimumImportance as 'JOB_MESSAGE_ERROR',
    });
    return messages.map(({ messageText }) => String(messageText));
  };

  it('walks from QUEUED to DONE and tells each step in an event', async () => {
    const [{ job }] = await clients.templates.launchFlexTemplate({
      projectId: project,
      location: region,
      launchParameter: {
        jobName: 'done-1',
        containerSpec: spec as object,
        parameters: { sleep: '50' },
        environment: {
          numWorkers: 2,
          machineType: 'e2-standard-2',
          additionalUserLabels: { 'beamline-run': 'k' },
        },
      },
    });
    assert.equal(job?.currentState, 'JOB_STATE_QUEUED');
    assert.match(String(job?.id), /^\d{4}-\d\d-\d\d_\d\d_\d\d_\d\d-\d+$/);
    await becomes(clients, String(job?.id), 'DONE');
    await until(() => receiver.states('done-1').includes('DONE'));
    assert.deepEqual(receiver.states('done-1').toSorted(), [
      'DONE',
      'PENDING',
      'QUEUED',
      'RUNNING',
    ]);
    const [found] = await clients.jobs.getJob({
      projectId: project,
      location: region,
      jobId: String(job?.id),
    });
    assert.deepEqual(found.labels, { 'beamline-run': 'k' });
    assert.equal(found.environment?.workerPools?.[0]?.machineType, 'e2-standard-2');
    assert.ok(Number(found.currentStateTime?.seconds) >= Number(found.createTime?.seconds));
  });

  it('says what the event of the service says', async () => {
    const id = await launch(clients, 'event-1');
    await until(() => receiver.states('event-1').includes('DONE'));
    const event = receiver.events.find(
      ({ data, ...rest }) =>
        rest['job'] === 'event-1' && data?.payload['currentState'] === 'JOB_STATE_DONE',
    );
    assert.equal(event?.type, 'google.cloud.dataflow.job.v1beta3.statusChanged');
    assert.equal(event.source, `//dataflow.googleapis.com/projects/${project}/locations/${region}`);
    assert.equal(event.subject, 'jobs/event-1');
    assert.equal(event.data?.payload['id'], id);
    assert.equal(receiver.requests[0]?.headers.authorization, 'Bearer secret');
  });

  it('fails with the cause that its command told', async () => {
    const id = await launch(clients, 'failed-1', { mode: 'fail' });
    await becomes(clients, id, 'FAILED');
    assert.deepEqual(await messagesOf(id), [
      'Traceback (most recent call last):\n  boom',
      'Workflow failed. Causes: S01:flights failed., no such column: x',
    ]);
  });

  it('fails in the launcher if its command shows no step', async () => {
    const id = await launch(clients, 'unstarted-1', { mode: 'unstarted' });
    await becomes(clients, id, 'FAILED');
    assert.deepEqual(await messagesOf(id), [
      'Error: Template launch failed: exit status 1',
      'Error occurred in the launcher container: Template launch failed. See console logs.',
    ]);
  });

  it('is cancelled, and asking twice is asking once', async () => {
    const id = await launch(clients, 'cancelled-1', { sleep: '60000' });
    await becomes(clients, id, 'RUNNING');
    await cancel(id);
    await cancel(id);
    await becomes(clients, id, 'CANCELLED');
    await until(() => receiver.states('cancelled-1').includes('CANCELLED'));
    assert.equal(
      receiver.states('cancelled-1').filter((state) => state === 'CANCELLING').length,
      1,
    );
    await assert.rejects(cancel(id), { code: 9, details: /has terminated in state CANCELLED/ });
  });

  it('is killed if it does not end by itself', async () => {
    const id = await launch(clients, 'stubborn-1', { sleep: '60000', mode: 'stubborn' });
    await until(
      async () => (await clients.metrics.getJobMetrics(where(id)))[0].metrics?.length !== 0,
    );
    await becomes(clients, id, 'RUNNING');
    await cancel(id);
    await becomes(clients, id, 'CANCELLED');
  });

  it('leaves the queue for CANCELLED at once', async () => {
    const id = await launch(clients, 'queued-1');
    await cancel(id);
    assert.equal(await stateOf(clients, id), 'JOB_STATE_CANCELLED');
  });

  it('cannot be drained if it is a batch job', async () => {
    const id = await launch(clients, 'drained-1', { sleep: '60000' });
    await becomes(clients, id, 'RUNNING');
    await assert.rejects(cancel(id, 'JOB_STATE_DRAINED'), { code: 9, details: /batch job/ });
    await cancel(id);
  });

  it('is drained if it is a streaming job', async () => {
    const id = await launch(
      clients,
      'drained-2',
      { sleep: '60000' },
      {
        containerSpec: { ...spec, metadata: { streaming: true } },
      },
    );
    await becomes(clients, id, 'RUNNING');
    await cancel(id, 'JOB_STATE_DRAINED');
    await becomes(clients, id, 'DRAINED');
  });

  it('has its command’s counters and the service’s own metrics', async () => {
    const id = await launch(clients, 'metrics-1', { sleep: '100' });
    await becomes(clients, id, 'DONE');
    const [{ metrics }] = await clients.metrics.getJobMetrics(where(id));
    const committed = (metrics ?? []).filter(({ name }) => name?.context?.['tentative'] !== 'true');
    const valueOf = (name: string) =>
      committed.find((metric) => metric.name?.name === name)?.scalar?.numberValue;
    assert.equal(valueOf('rows'), 10);
    assert.equal(valueOf('bytes'), 2048);
    assert.ok(Number(valueOf('TotalVcpuTime')) > 0);
  });

  it('is not found in another region or project', async () => {
    const id = await launch(clients, 'elsewhere-1');
    for (const other of [{ location: 'us-central1' }, { projectId: 'another' }]) {
      await assert.rejects(clients.jobs.getJob({ ...where(id), ...other }), { code: 5 });
    }
  });

  it('has a name that no other active job of the region has', async () => {
    await launch(clients, 'twice-1', { sleep: '60000' });
    await assert.rejects(launch(clients, 'twice-1'), {
      code: 6,
      details: /There is already an active job named twice-1/,
    });
    await clients.templates.launchFlexTemplate({
      projectId: project,
      location: 'local2',
      launchParameter: { jobName: 'twice-1', containerSpec: spec as object },
    });
  });

  async function cancel(jobId: string, requestedState = 'JOB_STATE_CANCELLED') {
    await clients.jobs.updateJob({
      ...where(jobId),
      job: { requestedState: requestedState as 'JOB_STATE_CANCELLED' },
    });
  }
});
