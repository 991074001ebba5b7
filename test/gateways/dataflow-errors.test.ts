import assert from 'node:assert/strict';
import { DataflowRefused, DataflowUnavailable } from '../../src/gateways/dataflow.js';
import { dataflowErrorOf } from '../../src/gateways/dataflow-errors.js';

describe('errors beneath the Dataflow client', () => {
  for (const [what, error, expected] of [
    ['a name that is not resolved', { code: 'ENOTFOUND' }, DataflowUnavailable],
    ['a token endpoint that is overloaded', { code: 503 }, DataflowUnavailable],
    ['a token endpoint that says no', { code: 403 }, DataflowRefused],
    [
      'a token that could not be fetched',
      { code: 2, details: 'Getting metadata from plugin failed with error: socket hang up' },
      DataflowUnavailable,
    ],
    [
      'a key that was revoked',
      { code: 2, details: 'Getting metadata from plugin failed with error: invalid_grant' },
      DataflowRefused,
    ],
    [
      'a quota by its reason',
      { code: 7, details: 'denied', reason: 'RATE_LIMIT_EXCEEDED' },
      DataflowUnavailable,
    ],
  ] as const) {
    it(`are told apart: ${what}`, () => {
      const given = Object.assign(new Error(what), error);
      const found = dataflowErrorOf(given, 'job') as Error;
      assert.ok(found instanceof expected, String(found));
      assert.equal(found.cause, given);
    });
  }

  it('are left alone where they are a defect', () => {
    const defect = new TypeError('x is not a function');
    assert.equal(dataflowErrorOf(defect, 'job'), defect);
  });
});
