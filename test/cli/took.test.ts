import assert from 'node:assert/strict';
import { tookMs } from '../../src/cli/terminal/format.js';

describe('how long a run took', () => {
  it('is what its receipt says, in `list` as in `status`; else until its end, or until now', () => {
    const started = Date.parse('2026-11-24T03:00:00Z');
    const run = { started_at: new Date(started).toISOString(), closed_at: '2026-11-24T03:00:05Z' };
    assert.equal(tookMs(run, { duration_ms: 4_600 }), 4_600);
    assert.equal(tookMs(run, null), 5_000);
    assert.ok(tookMs({ ...run, closed_at: null }, null) >= Date.now() - started - 1_000);
  });
});
