import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { jobEventOf } from '../../src/gateway/intake/job-event.js';
import { MalformedEvent } from '../../src/gateway/intake/malformed-event.js';
import { jobStates } from '../../src/shared/run/job.js';
import { identity, jobData, secretOption } from '../support/job-events.js';

describe('an event of a job', () => {
  it('names its run by the labels alone', () => {
    assert.deepEqual(jobEventOf(jobData({}), 'ourdeploy'), {
      kind: 'signal',
      workflowId: identity.workflowId,
      event: {
        jobId: 'job-1',
        jobName: 'orders-20261124t0300-q4kx7mw2ta-1',
        project: 'our-project',
        region: 'europe-west3',
        state: 'JOB_STATE_DONE',
        runKey: 'q4kx7mw2ta',
        ordinal: 1,
      },
    });
  });

  it('may give its state by name or by number, and its fields in both spellings', () => {
    for (const [number, name] of jobStates.entries()) {
      assert.equal(reasonOf(jobData({ state: number })), reasonOf(jobData({ state: name })), name);
    }
    const { currentState, projectId, ...payload } = jobData({}).payload;
    const original = { ...payload, current_state: currentState, project_id: projectId };
    assert.deepEqual(jobEventOf({ payload: original }, null), jobEventOf(jobData({}), null));
  });

  it('is ignored where its state tells the run nothing', () => {
    const told = jobStates.filter((state) => reasonOf(jobData({ state })) === state);
    assert.deepEqual(told, [
      'JOB_STATE_RUNNING',
      'JOB_STATE_DONE',
      'JOB_STATE_FAILED',
      'JOB_STATE_CANCELLED',
      'JOB_STATE_UPDATED',
      'JOB_STATE_DRAINING',
      'JOB_STATE_DRAINED',
      'JOB_STATE_CANCELLING',
      'JOB_STATE_QUEUED',
    ]);
    const { currentState: _, ...payload } = jobData({}).payload;
    assert.equal(reasonOf({ payload }), 'nothing_new');
  });

  it('with a state of a later API is counted as such', () => {
    assert.equal(reasonOf(jobData({ state: 'JOB_STATE_ABSORBED' })), 'unknown_state');
    assert.equal(reasonOf(jobData({ state: 99 })), 'unknown_state');
    assert.equal(reasonOf(jobData({ state: -1 })), 'unknown_state');
  });

  it('of a job that is none of ours is ignored, whatever else it holds', () => {
    assert.equal(reasonOf(jobData({ labels: {} })), 'not_ours');
    assert.equal(reasonOf(jobData({ labels: { team: 'data' } })), 'not_ours');
    assert.equal(reasonOf({ payload: {} }), 'not_ours');
  });

  it('of another deployment is ignored', () => {
    assert.equal(reasonOf(jobData({}), 'theirs'), 'other_deployment');
    assert.equal(reasonOf(jobData({}), null), 'JOB_STATE_DONE');
  });

  it('that lacks what a signal needs is malformed, and the reason quotes nothing', () => {
    const { id: _, ...payload } = jobData({}).payload;
    const broken = [null, [], 'text', {}, { payload }, { payload: { ...payload, id: 7 } }];
    for (const data of broken) {
      assert.throws(
        () => jobEventOf(data, null),
        (error) => error instanceof MalformedEvent && !error.message.includes(secretOption),
      );
    }
  });

  it('is signalled, ignored or malformed, and nothing else, whatever it is', () => {
    const { payload } = jobData({});
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.record({
        payload: fc.record({ ...stringsOf(payload), labels: fc.constant(payload.labels) }),
      }),
    );
    fc.assert(
      fc.property(anything, (data) => {
        try {
          assert.ok(['signal', 'ignored'].includes(jobEventOf(data, null).kind));
        } catch (error) {
          assert.ok(error instanceof MalformedEvent);
        }
      }),
    );
  });
});

/** Why it is ignored, or the state that its run hears of. */
function reasonOf(data: unknown, deployment: string | null = null): string {
  const decoded = jobEventOf(data, deployment);
  return decoded.kind === 'ignored' ? decoded.reason : decoded.event.state;
}

function stringsOf(payload: object): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(Object.keys(payload).map((key) => [key, fc.jsonValue()]));
}
