import assert from 'node:assert/strict';
import type { CommitLog } from '../../../src/destinations/bigquery/commit/commit-log.js';
import { cursorsAfter } from '../../../src/destinations/bigquery/commit/cursors.js';
import type { SinkMode } from '../../../src/destinations/destination.js';
import { requestOf } from '../in-process.js';

const recorded = (next: string, run_key: string) =>
  ({ column: 'id', type: 'integer', next, run_key }) as const;

/** What a log that stands at 100 records after a window that ends with `next`. */
function after(mode: SinkMode, next: string): unknown {
  const log = {
    entries: [
      { cursors: { 'p.orders': recorded('100', 'before'), 'q.orders': recorded('7', 'q') } },
    ],
  } as unknown as CommitLog;
  const window = { column: 'id', type: 'integer', low: '1', low_inclusive: true } as const;
  const sink = { module: 'bigquery', parameters: {}, root: '/' };
  const staged = { input: 'orders', rows: 0, bytes: 0, schema: [], files: [] };
  const request = requestOf(sink, {
    run: 'now',
    base: 1,
    staged,
    mode,
    windows: [{ ...window, key: 'p.orders', high: next, next, basis: 'given' }],
  });
  return cursorsAfter(log, request);
}

describe('bigquery: where windows stand after a publish', () => {
  it('moves on, and keeps what it knows of others', () => {
    assert.deepEqual(after('append', '120'), {
      'p.orders': recorded('120', 'now'),
      'q.orders': recorded('7', 'q'),
    });
  });

  it('does not move back when a window of the past is published again', () => {
    assert.deepEqual(after('merge', '9'), {
      'p.orders': recorded('100', 'before'),
      'q.orders': recorded('7', 'q'),
    });
  });

  it('begins anew with a replaced table', () => {
    assert.deepEqual(after('replace', '9'), { 'p.orders': recorded('9', 'now') });
  });
});
