import assert from 'node:assert/strict';
import type { GreatestValue } from '../../src/destinations/destination.js';
import { temporaryRoot } from '../support/stack.js';
import { duckdbSink } from './duckdb/support.js';
import { filesSink } from './files/support.js';
import { failureOf, requestOf, withPublisher } from './in-process.js';
import { stage, type TestSink } from './support.js';

/** Of BigQuery's own types: test/destinations/bigquery/cursors.test.ts. */
for (const [name, sinkIn] of Object.entries({ duckdb: duckdbSink, files: filesSink })) {
  describe(`${name}: the greatest value`, function () {
    this.timeout(60_000);
    let root: string;
    let remove: () => Promise<void>;
    let sink: TestSink;
    before(async () => {
      ({ root, remove } = await temporaryRoot());
      sink = sinkIn(root);
    });
    after(() => remove());

    const position = (keys: string[], column: string) =>
      withPublisher(sink, (publisher) => publisher.position(keys.map((key) => ({ key, column }))));

    it('of a column is told as a cursor of its type', async () => {
      const staged = await stage(
        root,
        `SELECT 7::BIGINT AS id, 200::UTINYINT AS small, DATE '2026-01-31' AS day,
           TIMESTAMP '2026-01-31 09:30:00.5' AS at, TIMESTAMPTZ '2026-01-31 09:30:00+09' AS tz,
           DATE '0999-01-01' AS early, NULL::DATE AS none, 'x' AS text, TIMESTAMP_NS '2026-01-31 09:30:00.123456789' AS ns
         UNION ALL SELECT 3, 1, DATE '0999-01-01', TIMESTAMP 'infinity', TIMESTAMPTZ '2026-01-30 00:00:00Z',
           DATE '0998-01-01', NULL, 'y', TIMESTAMP_NS '2026-01-01'`,
      );
      const request = requestOf(sink, { run: 'run1', base: 0, staged });
      await withPublisher(sink, (publisher) => publisher.publish(request));
      const greatest: Record<string, GreatestValue | null> = {
        ID: { type: 'integer', value: '7' },
        small: { type: 'integer', value: '200' },
        day: { type: 'date', value: '2026-01-31' },
        at: { type: 'timestamp', value: '2026-01-31T09:30:00.500000' },
        tz: { type: 'timestamptz', value: '2026-01-31T00:30:00.000000Z' },
        early: { type: 'date', value: '0999-01-01' },
        none: null,
      };
      for (const [column, expected] of Object.entries(greatest)) {
        const found = (await position(['p.s'], column)).greatest['p.s'];
        assert.deepEqual(found ?? null, expected, column);
      }
      const refused: Record<string, RegExp> = {
        text: /column `text` is VARCHAR, which no window can be read by/,
        ns: /column `ns` is TIMESTAMP_NS/,
        missing: /no column `missing` \(`?id`?, /,
      };
      for (const [column, why] of Object.entries(refused)) {
        const failure = await failureOf(position(['p.s'], column));
        assert.equal(failure.type, 'ConfigError');
        assert.match(failure.message, why);
      }
    });
  });
}
