import assert from 'node:assert/strict';
import {
  createSignalLimit,
  repeatMs,
  signalsPerWindow,
  windowMs,
} from '../../src/gateway/intake/signal-limit.js';
import type { SignalResult } from '../../src/gateway/intake/signal-run.js';
import type { JobEvent } from '../../src/shared/run/job.js';

describe('the limit of signals', () => {
  const event: JobEvent = {
    jobId: 'job-1',
    jobName: 'orders-1',
    project: 'our-project',
    region: 'europe-west3',
    state: 'JOB_STATE_DONE',
    runKey: 'q4kx7mw2ta',
    ordinal: 1,
  };

  function limit() {
    const clock = { now: 1_000_000 };
    const limited = createSignalLimit(() => clock.now);
    const sent: string[] = [];
    const send = (claim: Partial<JobEvent> = {}, answer: SignalResult = 'signalled', run = 'run') =>
      limited(run, { ...event, ...claim }, async () => {
        sent.push(claim.jobId ?? event.jobId);
        return answer;
      });
    return { clock, limited, sent, send };
  }

  it('lets equal claims that come together share one signal and its failure', async () => {
    const { limited } = limit();
    const answer = Promise.withResolvers<SignalResult>();
    let sent = 0;
    const send = () => {
      sent++;
      return answer.promise;
    };
    const together = [limited('run', event, send), limited('run', event, send)];
    answer.resolve('unavailable');
    assert.deepEqual(await Promise.all(together), ['unavailable', 'unavailable']);
    assert.equal(sent, 1);
  });

  it('tries a claim that failed again at once', async () => {
    const { send, sent } = limit();
    assert.equal(await send({}, 'unavailable'), 'unavailable');
    assert.equal(await send({}, 'no_run'), 'no_run');
    assert.equal(await send(), 'signalled');
    assert.equal(sent.length, 3);
  });

  it('passes the same claim on again after a while', async () => {
    const { send, clock } = limit();
    assert.equal(await send(), 'signalled');
    clock.now += repeatMs - 1;
    assert.equal(await send(), 'repeated');
    clock.now += 1;
    assert.equal(await send(), 'signalled');
  });

  it('opens a new window for a run that had too many', async () => {
    const { send, clock, sent } = limit();
    for (let n = 0; n < signalsPerWindow; n++) await send({ jobId: `job ${n}` });
    assert.equal(await send({ jobId: 'one more' }), 'too_many');
    assert.equal(await send({ jobId: 'one more' }, 'signalled', 'another run'), 'signalled');
    clock.now += windowMs;
    assert.equal(await send({ jobId: 'one more' }), 'signalled');
    assert.equal(sent.length, signalsPerWindow + 2);
  });
});
