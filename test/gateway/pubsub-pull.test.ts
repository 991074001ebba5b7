import assert from 'node:assert/strict';
import { createEventIntake } from '../../src/gateway/intake/event-intake.js';
import { createEventMetrics } from '../../src/gateway/intake/metrics.js';
import { startEventPull } from '../../src/gateway/pubsub-pull.js';
import type { SignalResult } from '../../src/gateway/intake/signal-run.js';
import {
  eventAttributes,
  jobData,
  secretOption,
  structured,
  type JobClaim,
} from '../support/job-events.js';
import { type PubSubServer, startPubSub } from '../support/pubsub.js';
import { until } from '../support/until.js';

describe('events that are pulled from Pub/Sub', function () {
  this.timeout(30_000);
  const subscription = 'projects/our-project/subscriptions/beamline';
  let pubsub: PubSubServer;
  before(async () => {
    pubsub = await startPubSub();
    process.env['PUBSUB_EMULATOR_HOST'] = pubsub.address;
    process.env['METADATA_SERVER_DETECTION'] = 'none';
  });
  after(() => {
    delete process.env['METADATA_SERVER_DETECTION'];
    delete process.env['PUBSUB_EMULATOR_HOST'];
    pubsub.close();
  });
  beforeEach(() => pubsub.createSubscription(subscription));

  /** A pull whose Temporal answers as told; `held` makes it wait. */
  function pull(answer: SignalResult = 'signalled') {
    const temporal: { answer: SignalResult; held: PromiseWithResolvers<void> | null } = {
      answer,
      held: null,
    };
    const signals: string[] = [];
    const lines: string[] = [];
    const metrics = createEventMetrics();
    const runs = {
      async signal(_workflowId: string, { jobId }: { jobId: string }) {
        signals.push(jobId);
        await temporal.held?.promise;
        return temporal.answer;
      },
    };
    const intake = createEventIntake({ runs, deployment: 'ourdeploy', metrics });
    const { stop } = startEventPull({ subscription, intake, log: (line) => lines.push(line) });
    return { temporal, signals, lines, stop, metrics };
  }

  const publish = (claim: JobClaim = {}) =>
    pubsub.publish(subscription, {
      body: JSON.stringify(jobData(claim)),
      attributes: eventAttributes(),
    });
  const open = () => pubsub.stateOf(subscription).open;

  it('are acknowledged when their signal is in, and not before', async () => {
    const { temporal, signals, stop } = pull();
    temporal.held = Promise.withResolvers<void>();
    publish();
    await until(() => signals.length === 1);
    assert.equal(open(), 1);
    temporal.held.resolve();
    await until(() => open() === 0);
    await stop();
  });

  it('may be structured events, or bare data', async () => {
    const { signals, stop } = pull();
    pubsub.publish(subscription, { body: structured(jobData({ jobId: 'structured' })).body });
    pubsub.publish(subscription, { body: JSON.stringify(jobData({ jobId: 'bare' })) });
    await until(() => open() === 0);
    assert.deepEqual(signals.toSorted(), ['bare', 'structured']);
    await stop();
  });

  it('wait while Temporal is down, and are signalled then, without a new delivery', async () => {
    const { temporal, signals, stop } = pull('unavailable');
    publish();
    await until(() => signals.length >= 2);
    assert.equal(open(), 1);
    temporal.answer = 'signalled';
    await until(() => open() === 0);
    assert.equal(pubsub.stateOf(subscription).deliveries, 1);
    await stop();
  });

  it('go back to Pub/Sub when the process stops while Temporal is down', async () => {
    const first = pull('unavailable');
    publish();
    await until(() => first.signals.length >= 1);
    await first.stop();
    assert.equal(open(), 1);

    const second = pull();
    await until(() => open() === 0);
    assert.deepEqual(second.signals, ['job-1']);
    await second.stop();
  });

  it('are delivered to another process when the first one sleeps, whose late end does no harm', async () => {
    pubsub.createSubscription(subscription, { leaseMs: 200 });
    const sleeper = pull();
    sleeper.temporal.held = Promise.withResolvers<void>();
    publish();
    await until(() => sleeper.signals.length === 1);
    // The lease runs out as that of a paused process does.
    await until(() => pubsub.stateOf(subscription).deliveries >= 2);
    const awake = pull();
    sleeper.temporal.held.resolve();
    await until(() => open() === 0);
    publish({ jobId: 'job-2' });
    await until(() => open() === 0);
    await sleeper.stop();
    await awake.stop();
  });

  it('that concern no run are acknowledged and counted', async () => {
    const { signals, stop, metrics, temporal, lines } = pull();
    publish({ labels: {} });
    publish({ deployment: 'theirs' });
    publish({ state: 'JOB_STATE_PENDING' });
    pubsub.publish(subscription, { body: '{}', attributes: eventAttributes('com.example.thing') });
    pubsub.publish(subscription, { body: `{${secretOption}`, attributes: eventAttributes() });
    await until(() => open() === 0);
    assert.deepEqual(signals, []);
    temporal.answer = 'no_run';
    publish();
    await until(() => open() === 0);
    const text = await metrics.registry.metrics();
    for (const result of [
      'not_ours',
      'other_deployment',
      'nothing_new',
      'other_type',
      'malformed',
      'no_run',
    ]) {
      assert.match(text, new RegExp(`\\{way="pubsub",result="${result}"\\} 1`));
    }
    assert.match(lines.join('\n'), /a message of projects\/.* is malformed/);
    assert.ok(!lines.join('\n').includes(secretOption));
    await stop();
  });

  it('come when the subscription does, which is said meanwhile', async () => {
    const missing = 'projects/our-project/subscriptions/later';
    const lines: string[] = [];
    const pulled: string[] = [];
    const intake = createEventIntake({
      runs: {
        signal: async (workflowId) => {
          pulled.push(workflowId);
          return 'signalled';
        },
      },
      deployment: null,
      metrics: createEventMetrics(),
    });
    const { stop } = startEventPull({ subscription: missing, intake, log: (l) => lines.push(l) });
    await until(() => lines.length > 0);
    assert.match(lines[0] ?? '', /subscriptions\/later: .*no subscription.*; trying again in 1 s/);
    pubsub.createSubscription(missing);
    pubsub.publish(missing, { body: JSON.stringify(jobData({})) });
    await until(() => pulled.length === 1);
    await stop();
  });
});
