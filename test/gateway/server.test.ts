import assert from 'node:assert/strict';
import { createEventIntake } from '../../src/gateway/intake/event-intake.js';
import { createEventMetrics } from '../../src/gateway/intake/metrics.js';
import { createGatewayServer } from '../../src/gateway/server.js';
import { signalsPerWindow } from '../../src/gateway/intake/signal-limit.js';
import type { SignalResult } from '../../src/gateway/intake/signal-run.js';
import type { JobEvent } from '../../src/shared/run/job.js';
import {
  binary,
  eventAttributes,
  identity,
  jobData,
  push,
  secretOption,
  type SentEvent,
  structured,
} from '../support/job-events.js';

describe('the gateway', () => {
  const data = jobData({});
  const forms: Record<string, SentEvent> = {
    'a CloudEvent in binary mode': binary(data),
    'a CloudEvent in structured mode': structured(data),
    'a CloudEvent whose content type has a charset': {
      ...binary(data),
      headers: { ...binary(data).headers, 'content-type': 'application/json; charset=utf-8' },
    },
    'a push whose message has the attributes of a CloudEvent': push(data, eventAttributes()),
    'a push whose message is a structured CloudEvent': push(structured(data).body),
    'a push of a structured CloudEvent that says so': push(structured(data).body, {
      'content-type': 'application/cloudevents+json',
    }),
    'a push whose message is the bare data': push(data),
    "Eventarc's event of a Pub/Sub topic": binary(
      JSON.parse(push(data, eventAttributes()).body),
      'google.cloud.pubsub.topic.v1.messagePublished',
    ),
    "Eventarc's event of a Pub/Sub topic in structured mode": structured(
      JSON.parse(push(data).body),
      'google.cloud.pubsub.topic.v1.messagePublished',
    ),
  };
  for (const [form, event] of Object.entries(forms)) {
    it(`takes ${form}`, async () => {
      const { send, signals } = gateway();
      const response = await send(event);
      assert.equal(response.statusCode, 200, response.body);
      assert.deepEqual(
        signals.map(({ workflowId, event: { state } }) => [workflowId, state]),
        [[identity.workflowId, 'JOB_STATE_DONE']],
      );
    });
  }

  const ignored: Record<string, [SentEvent, string]> = {
    'a job that is none of ours': [binary(jobData({ labels: {} })), 'not_ours'],
    'a job of another deployment': [binary(jobData({ deployment: 'x' })), 'other_deployment'],
    'a state that says nothing': [binary(jobData({ state: 'JOB_STATE_PENDING' })), 'nothing_new'],
    'an event of another type': [
      binary(data, 'google.cloud.storage.object.v1.deleted'),
      'other_type',
    ],
    'a push of another type': [push(data, eventAttributes('com.example.thing')), 'other_type'],
  };
  for (const [what, [event, result]] of Object.entries(ignored)) {
    it(`answers 2xx to ${what}, counts it and signals nobody`, async () => {
      const { send, signals, counted } = gateway();
      assert.equal((await send(event)).statusCode, 200);
      assert.deepEqual(signals, []);
      assert.equal(await counted(result), 1);
    });
  }

  it('answers 2xx for a run that has ended or never was, and counts it', async () => {
    const { send, counted } = gateway('no_run');
    assert.equal((await send(binary(data))).statusCode, 200);
    assert.equal(await counted('no_run'), 1);
  });

  it('asks for a new delivery while Temporal is down, and passes that on', async () => {
    const { send, temporal, signals, counted, server } = gateway('unavailable');
    const refused = await send(binary(data));
    assert.equal(refused.statusCode, 503);
    assert.equal(refused.headers['retry-after'], '5');
    assert.equal((await server.inject('/readyz')).statusCode, 503);
    assert.equal((await server.inject('/healthz')).statusCode, 200);

    temporal.answer = 'signalled';
    assert.equal((await send(binary(data))).statusCode, 200);
    assert.equal((await server.inject('/readyz')).statusCode, 200);
    assert.equal(signals.length, 2);
    assert.equal(await counted('unavailable'), 1);
  });

  const malformed: Record<string, SentEvent> = {
    'no JSON': { headers: {}, body: `{"payload": ${secretOption}` },
    'an empty body': { headers: {}, body: '' },
    'neither event nor push': { headers: {}, body: JSON.stringify({ payload: secretOption }) },
    'a binary event with a broken body': { ...binary(data), body: `{${secretOption}` },
    'a structured event with a broken body': { ...structured(data), body: `{${secretOption}` },
    'an event without a source': {
      ...binary(data),
      headers: { ...binary(data).headers, 'ce-source': '' },
    },
    'an event whose data is protobuf': {
      headers: { ...binary(data).headers, 'content-type': 'application/protobuf' },
      body: secretOption,
    },
    'a push whose message is no JSON': push(secretOption),
    'a job without an id': binary(jobData({ jobId: '' })),
    'a batch of events': {
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      body: `[${structured(data).body}]`,
    },
  };
  for (const [what, event] of Object.entries(malformed)) {
    it(`answers 400 to ${what}, with a reason that quotes nothing`, async () => {
      const { send, signals, counted } = gateway();
      const response = await send(event);
      assert.equal(response.statusCode, 400, response.body);
      assert.ok((response.json<{ reason: string }>().reason ?? '').length > 10);
      assert.deepEqual(signals, []);
      assert.equal(await counted('malformed'), 1);
    });
  }

  it('refuses a body over 1 MiB', async () => {
    const { send } = gateway();
    const event = binary({ ...data, padding: 'x'.repeat(1_100_000) });
    assert.equal((await send(event)).statusCode, 413);
  });

  it('passes events on in the order in which they come, and each claim once', async () => {
    const { send, signals, counted } = gateway();
    const states = ['JOB_STATE_DONE', 'JOB_STATE_RUNNING', 'JOB_STATE_DONE'] as const;
    for (const state of states)
      assert.equal((await send(binary(jobData({ state })))).statusCode, 200);
    assert.deepEqual(
      signals.map(({ event }) => event.state),
      ['JOB_STATE_DONE', 'JOB_STATE_RUNNING'],
    );
    assert.equal(await counted('repeated'), 1);
  });

  it('makes one signal of 1,000 equal events, and answers 2xx to each', async () => {
    const { send, signals } = gateway();
    const flood = Array.from({ length: 1000 }, () => send(binary(data)));
    const statuses = new Set((await Promise.all(flood)).map(({ statusCode }) => statusCode));
    assert.deepEqual([...statuses], [200]);
    assert.equal(signals.length, 1);
  });

  it('lets a flood of different claims reach one run only so often, and others unhindered', async () => {
    const { send, signals, counted } = gateway();
    const flood = Array.from({ length: 1000 }, (_, n) => send(binary(jobData({ jobId: `j${n}` }))));
    const refused = (await Promise.all(flood)).filter(({ statusCode }) => statusCode === 429);
    assert.equal(signals.length, signalsPerWindow);
    assert.equal(refused.length, 1000 - signalsPerWindow);
    assert.equal(await counted('too_many'), refused.length);
    assert.equal((await send(binary(jobData({ workflowId: 'another' })))).statusCode, 200);
  });

  it('shows its metrics', async () => {
    const { send, server } = gateway();
    await send(binary(data));
    const { body } = await server.inject('/metrics');
    assert.match(body, /beamline_events_total\{way="http",result="signalled"\} 1/);
    assert.match(body, /beamline_signal_seconds_count 1/);
  });
});

/** A gateway whose Temporal answers as told. */
function gateway(answer: SignalResult = 'signalled', deployment: string | null = 'ourdeploy') {
  const signals: { workflowId: string; event: JobEvent }[] = [];
  const temporal = { answer };
  const metrics = createEventMetrics();
  const runs = {
    async signal(workflowId: string, event: JobEvent) {
      signals.push({ workflowId, event });
      return temporal.answer;
    },
    isReady: async () => temporal.answer !== 'unavailable',
  };
  const intake = createEventIntake({ runs, deployment, metrics });
  const server = createGatewayServer({ intake, runs, metrics, checkToken: null });
  const send = async ({ headers, body }: SentEvent) => {
    const response = await server.inject({
      method: 'POST',
      url: '/events/dataflow?__GCP_CloudEventsMode=CE_PUBSUB_BINDING',
      headers,
      payload: body,
    });
    assert.ok(!response.body.includes(secretOption));
    return response;
  };
  const counted = async (result: string) => {
    const { values } = (await metrics.registry.getSingleMetric('beamline_events_total')?.get()) ?? {
      values: [],
    };
    return values.find(({ labels }) => labels['result'] === result)?.value ?? 0;
  };
  return { server, send, signals, temporal, counted };
}
