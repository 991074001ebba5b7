import assert from 'node:assert/strict';
import { isTerminal, jobStepOf } from '../../src/shared/run/job-end.js';
import { jobStates, type JobState } from '../../src/shared/run/job.js';

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
    it(`has one answer for ${state}`, () => {
      const outcome = ends[state];
      const expected = outcome === undefined ? { kind: 'wait' } : { kind: 'end', outcome };
      assert.deepEqual(jobStepOf({ state }), expected);
      assert.equal(isTerminal(state), state in ends);
    });
  }

  it('follows the job that replaced an updated one', () => {
    assert.deepEqual(jobStepOf({ state: 'JOB_STATE_UPDATED', replacedByJobId: 'next' }), {
      kind: 'follow',
      jobId: 'next',
    });
  });
});
