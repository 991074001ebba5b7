import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  identityOf,
  jobNameOf,
  labelsOf,
  longestWorkflowId,
} from '../../src/shared/run/job-identity.js';

const rest = { runKey: 'q4kx7mw2ta', ordinal: 2, deployment: 'abcdefghij' };

describe('labelsOf', () => {
  it('carries any workflow id through labels that the service takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 90 }), (workflowId) => {
        fc.pre(new TextEncoder().encode(workflowId).length <= longestWorkflowId);
        fc.pre(workflowId === new TextDecoder().decode(new TextEncoder().encode(workflowId)));
        fc.pre(!workflowId.startsWith('\uFEFF'));
        const labels = labelsOf({ ...rest, workflowId });
        assert.ok(Object.keys(labels).length <= 64);
        for (const [key, value] of Object.entries(labels)) {
          assert.match(key, /^[a-z][a-z0-9_-]{0,62}$/);
          assert.match(value, /^[a-z0-9_-]{0,63}$/);
        }
        assert.deepEqual(identityOf(labels), { ...rest, workflowId });
      }),
    );
  });

  it('carries the longest id, and refuses a longer one', () => {
    const workflowId = 'x'.repeat(longestWorkflowId);
    assert.equal(identityOf(labelsOf({ ...rest, workflowId }))?.workflowId, workflowId);
    assert.throws(() => labelsOf({ ...rest, workflowId: `${workflowId}x` }), RangeError);
  });
});

describe('identityOf', () => {
  it('is null for the labels of somebody else', () => {
    assert.equal(identityOf({}), null);
    assert.equal(identityOf({ team: 'a' }), null);
    const labels = labelsOf({ ...rest, workflowId: 'w' });
    for (const key of Object.keys(labels)) {
      const { [key]: _, ...others } = labels;
      assert.equal(identityOf(others), null, key);
    }
    assert.equal(identityOf({ ...labels, 'beamline-wf-0': 'NOT!' }), null);
  });
});

describe('jobNameOf', () => {
  it('makes a name that the service takes of any pipeline, with time, run and launch', () => {
    const startedAt = new Date('2026-11-25T03:04:05Z');
    const name = jobNameOf('My_Orders', startedAt, 'q4kx7mw2ta', 1);
    assert.equal(name, 'my-orders-20261125t0304-q4kx7mw2ta-1');
    assert.match(name, /^[a-z]([-a-z0-9]{0,1022}[a-z0-9])?$/);
  });
});
