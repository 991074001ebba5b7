import assert from 'node:assert/strict';
import { isTerminal, jobStepOf, type JobIntent } from '../../src/shared/job-end.js';
import { jobStates, type JobState } from '../../src/shared/job.js';

const intents: JobIntent[] = ['run', 'drain', 'cancel', 'deadline'];
/** What the service itself calls terminal (v1b3 `JobState`). */
const ends: Partial<Record<JobState, string>> = {
  JOB_STATE_DONE: 'succeeded',
  JOB_STATE_FAILED: 'failed',
  JOB_STATE_CANCELLED: 'cancelled_outside',
  JOB_STATE_DRAINED: 'drained',
  JOB_STATE_UPDATED: 'updated',
};

describe('jobStepOf', () => {
  for (const state of jobStates) {
    it(`has one answer for ${state}, whatever the run wants`, () => {
      for (const intent of intents) {
        const step = jobStepOf({ state }, intent);
        const own = ends[state];
        const expected =
          own === undefined
            ? { kind: 'wait' }
            : {
                kind: 'end',
                outcome: {
                  run: own,
                  drain: own,
                  cancel: 'cancelled',
                  deadline: 'deadline_exceeded',
                }[intent],
              };
        assert.deepEqual(step, expected);
      }
      assert.equal(isTerminal(state), state in ends);
    });
  }

  it('follows the job that replaced an updated one, also while it ends', () => {
    for (const intent of intents) {
      assert.deepEqual(jobStepOf({ state: 'JOB_STATE_UPDATED', replacedByJobId: 'next' }, intent), {
        kind: 'follow',
        jobId: 'next',
      });
    }
  });

  it('never takes a cancelled job for a success', () => {
    for (const intent of intents) {
      const step = jobStepOf({ state: 'JOB_STATE_CANCELLED' }, intent);
      assert.ok(step.kind === 'end' && step.outcome !== 'succeeded');
    }
  });
});
