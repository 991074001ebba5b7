import assert from 'node:assert/strict';
import { createEventIntake } from '../../src/gateway/intake/event-intake.js';
import { createEventMetrics } from '../../src/gateway/intake/metrics.js';
import { openPubSubMessage } from '../../src/gateway/intake/open-message.js';
import { createGatewayServer } from '../../src/gateway/server.js';
import type { JobEvent } from '../../src/shared/run/job.js';
import { labelsOf } from '../../src/shared/run/job-identity.js';
import {
  binary,
  eventAttributes,
  identity,
  jobData,
  push,
  structured,
  type SentEvent,
} from '../support/job-events.js';
import { huge } from './payloads.js';

/** What one signal may add to a run's history. */
const largestSignal = 4_096;

describe('the gateway, whatever is sent to it', () => {
  const own = labelsOf(identity);
  const withLabels = (labels: Record<string, string>) =>
    binary(jobData({ labels: { ...own, ...labels } }));
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;

  /** What is sent, and the status of the answer: 2xx is never sent again. */
  const cases: Record<string, [SentEvent, number]> = {
    'a run key of 900 kB': [withLabels({ 'beamline-run': huge }), 400],
    'a deployment of 900 kB': [withLabels({ 'beamline-deployment': huge }), 400],
    'an ordinal of 900 kB': [withLabels({ 'beamline-ordinal': '1'.repeat(900_000) }), 400],
    'a workflow id of 900 kB': [withLabels({ 'beamline-wf-0': 'a'.repeat(900_000) }), 400],
    'a label whose name has 900 kB': [withLabels({ [`beamline-${huge}`]: 'x' }), 400],
    'a label of 64 characters': [withLabels({ 'beamline-run': 'a'.repeat(64) }), 400],
    '65 labels of ours': [
      withLabels(
        Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`beamline-wf-${n}`, 'aa'])),
      ),
      400,
    ],
    'a workflow id of more bytes than labels carry': [
      withLabels(
        Object.fromEntries(
          Array.from({ length: 12 }, (_, n) => [`beamline-wf-${n}`, 'a'.repeat(63)]),
        ),
      ),
      200,
    ],
    'a run key that is a path': [withLabels({ 'beamline-run': '../../etc' }), 200],
    'a run key that is no run key': [withLabels({ 'beamline-run': 'x' }), 200],
    'an ordinal that is none': [withLabels({ 'beamline-ordinal': '1e9' }), 200],
    'a negative ordinal': [withLabels({ 'beamline-ordinal': '-1' }), 200],
    'an empty ordinal': [withLabels({ 'beamline-ordinal': '' }), 200],
    'an ordinal beyond every launch': [withLabels({ 'beamline-ordinal': '99999999' }), 200],
    'a workflow id that is no base32': [withLabels({ 'beamline-wf-0': '!' }), 200],
    'a workflow id that is no UTF-8': [withLabels({ 'beamline-wf-0': '77777777' }), 200],
    'labels that are a list': [binary({ payload: { ...jobData({}).payload, labels: [] } }), 400],
    'a label that is no text': [
      binary({ payload: { ...jobData({}).payload, labels: { ...own, 'beamline-run': 7 } } }),
      400,
    ],
    'a label named __proto__': [
      {
        ...binary(jobData({})),
        body: JSON.stringify(jobData({})).replace('"labels":{', '"labels":{"__proto__":"x",'),
      },
      200,
    ],
    '50,000 labels of somebody else': [
      binary(
        jobData({
          labels: {
            ...own,
            ...Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`l${n}`, ''])),
          },
        }),
      ),
      200,
    ],
    'a job id of 900 kB': [binary(jobData({ jobId: huge })), 400],
    'a job id with a control character': [binary(jobData({ jobId: 'job\u001b[2J' })), 400],
    'a job id with a line break': [binary(jobData({ jobId: 'job\n2' })), 400],
    'a state of 900 kB': [binary(jobData({ state: huge })), 200],
    'a state that is an object of the prototype': [binary(jobData({ state: '__proto__' })), 200],
    'lists in lists': [{ headers: binary({}).headers, body: deep }, 400],
    'lists in lists that call themselves a push': [{ headers: {}, body: deep }, 400],
    'an event that is wrapped twenty times': [wrapped(20), 400],
    'a push whose data is no base64': [
      { headers: {}, body: JSON.stringify({ message: { data: '%%%' }, subscription: 's' }) },
      400,
    ],
    'an event of a type of 900 kB': [structured(jobData({}), huge), 200],
    'more than a megabyte': [binary({ ...jobData({}), more: huge + huge }), 413],
  };

  for (const [what, [event, status]] of Object.entries(cases)) {
    it(`takes no harm from ${what}`, async () => {
      const { send, signals } = gateway();
      const answer = await send(event);
      assert.equal(answer.statusCode, status, answer.body.slice(0, 300));
      assert.ok(answer.body.length < 500, 'an answer quotes nothing');
      for (const signal of signals) {
        const size = JSON.stringify(signal).length;
        assert.ok(size <= largestSignal, `${size}`);
      }
      signals.length = 0;
      assert.equal((await send(binary(jobData({ jobId: 'job-2' })))).statusCode, 200);
      assert.deepEqual(
        signals.map(([workflowId, { jobId }]) => [workflowId, jobId]),
        [[identity.workflowId, 'job-2']],
      );
    });
  }

  it('passes on the largest event that Dataflow can send', async () => {
    const { send, signals } = gateway();
    const data = jobData({ jobId: 'j'.repeat(200), workflowId: 'w'.repeat(400) });
    data.payload.name = `a${'b'.repeat(1_022)}c`;
    assert.equal((await send(binary(data))).statusCode, 200);
    assert.equal(signals.length, 1);
    assert.ok(JSON.stringify(signals[0]).length <= largestSignal);
  });

  it('opens no message of a subscription that has more than a megabyte', () => {
    for (const headers of [{}, eventAttributes()]) {
      const body = JSON.stringify({ ...jobData({}), more: huge + huge });
      assert.throws(() => openPubSubMessage({ headers, body }), /more than 1048576 bytes/);
    }
  });
});

function gateway() {
  const signals: [workflowId: string, event: JobEvent][] = [];
  const runs = {
    async signal(workflowId: string, event: JobEvent) {
      signals.push([workflowId, event]);
      return 'signalled' as const;
    },
    isReady: async () => true,
  };
  const metrics = createEventMetrics();
  const intake = createEventIntake({ runs, deployment: identity.deployment, metrics });
  const server = createGatewayServer({ intake, runs, metrics, checkToken: null });
  const send = ({ headers, body }: SentEvent) =>
    server.inject({ method: 'POST', url: '/events/dataflow', headers, payload: body });
  return { send, signals };
}

/** A push in Eventarc's event in a push, and so on. */
function wrapped(times: number): SentEvent {
  let event = push(structured(jobData({})).body);
  for (let time = 1; time < times; time++) {
    event = push(
      structured(JSON.parse(event.body), 'google.cloud.pubsub.topic.v1.messagePublished').body,
    );
  }
  return event;
}
