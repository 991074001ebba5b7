import assert from 'node:assert/strict';
import type { Audit, PreparedRun } from '../../src/workflows/contract/activities.js';
import { writtenOf } from '../../src/workflows/record/written-sinks.js';

const jobSinks = [{ name: 'told', module: 'feed', idempotence: 'at-least-once' }];
const prepared = { jobSinks } as PreparedRun;
const counted = { rows: 5, bytes: 40, idempotence: 'at-least-once' };
const stateOf = (...[run]: Parameters<typeof writtenOf>) => writtenOf(run).written?.[0]?.state;

describe('what a receipt says of sinks in the job', () => {
  it('is nothing where there are none', () => {
    const none = {} as PreparedRun;
    assert.deepEqual(writtenOf({ prepared: none, audit: null, hasBegun: true }), {});
    assert.deepEqual(writtenOf({ prepared: null, audit: null, hasBegun: false }), {});
  });

  it('is certain only once it was counted', () => {
    const audit = { written: { told: counted } } as unknown as Audit;
    assert.equal(stateOf({ prepared, audit: null, hasBegun: false }), 'unwritten');
    assert.equal(stateOf({ prepared, audit: null, hasBegun: true }), 'uncertain');
    assert.equal(stateOf({ prepared, audit, hasBegun: true }), 'written');
    assert.deepEqual(writtenOf({ prepared, audit, hasBegun: true }).written, [
      { name: 'told', module: 'feed', state: 'written', ...counted },
    ]);
  });
});
