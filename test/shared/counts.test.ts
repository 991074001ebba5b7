import assert from 'node:assert/strict';
import { counted, number } from '../../src/shared/counts.js';

describe('counts', () => {
  it('have thousands apart, and a noun that agrees', () => {
    assert.equal(number(2102), '2,102');
    assert.deepEqual(
      [0, 1, 2102].map((count) => counted(count, 'value')),
      ['0 values', '1 value', '2,102 values'],
    );
  });
});
