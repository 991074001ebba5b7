import assert from 'node:assert/strict';
import { rangeText } from '../../src/shared/run/window.js';

function text(low: string | null, isInclusive: boolean, high: string): string {
  return rangeText({ low, low_inclusive: isInclusive, high });
}

describe('what a window reads', () => {
  it('is said as a person would', () => {
    assert.equal(text(null, true, '2026-01-31'), 'everything before 2026-01-31');
    assert.equal(text('41', false, '100'), 'after 41 and before 100');
    assert.equal(
      text('2026-01-01T00:00:00.000000', true, '2026-01-31T09:30:00.120000Z'),
      'from 2026-01-01T00:00:00 to before 2026-01-31T09:30:00.120000Z',
    );
    assert.equal(
      text('2026-01-01T00:00:00.000000Z', true, '2026-01-02T00:00:00.000000Z'),
      'from 2026-01-01T00:00:00Z to before 2026-01-02T00:00:00Z',
    );
  });
});
