import assert from 'node:assert/strict';
import { join } from 'node:path';
import { changedByDuckdb, readStaged } from '../../src/destinations/staged-parquet.js';
import type { ManifestSink } from '../../src/shared/run/manifest.js';
import { temporaryRoot } from '../support/stack.js';
import { ids, inMemory } from './support.js';

function changed(columns: Record<string, string>): string[] {
  const schema: ManifestSink['schema'] = Object.entries(columns).map(([name, type]) => ({
    name,
    type,
    nullable: true,
  }));
  return changedByDuckdb(schema).map(({ what }) => what);
}

describe('staged files, for DuckDB', () => {
  it('are read where it changes no value', () => {
    const columns = {
      id: 'int64',
      name: 'string',
      price: 'decimal128(38, 10)',
      wide: 'decimal256(38, 0)',
      at: 'timestamp[us, tz=UTC]',
      exact: 'timestamp[ns]',
      tags: 'list<item: string>',
    };
    assert.deepEqual(changed(columns), []);
  });

  it('are refused with every column that it would change, and no other', () => {
    const columns = {
      id: 'int64',
      amount: 'decimal256(39, 10)',
      most: 'decimal256(76, 0)',
      ID: 'int64',
      at: 'timestamp[ns, tz=UTC]',
      took: 'list<item: duration[us]>',
    };
    assert.deepEqual(changed(columns), [
      'column `amount` is decimal256(39, 10): decimals have at most 38 digits; cast it to text or to fewer digits',
      'column `most` is decimal256(76, 0): decimals have at most 38 digits; cast it to text or to fewer digits',
      'column `at` is timestamp[ns, tz=UTC]: timestamps with a time zone have microseconds; cast it to `timestamp[us]`',
      'column `took` is list<item: duration[us]>: Parquet has no such type; cast it to a number',
      'columns `id` and `ID` differ only in upper and lower case',
    ]);
  });

  it('are refused for one column alone', () => {
    for (const type of ['decimal256(39, 0)', 'timestamp[ns, tz=UTC]', 'duration[s]']) {
      assert.match(changed({ one: type }).join(), /`one` is/);
    }
  });

  it('are those that are named, whatever signs their paths hold', async () => {
    const { root, remove } = await temporaryRoot();
    try {
      const uri = join(root, "a[1-2]*?'s.parquet");
      await inMemory(`COPY (${ids(1, 2)}) TO '${uri.replaceAll("'", "''")}' (FORMAT parquet)`);
      await inMemory(`COPY (${ids(7, 9)}) TO '${join(root, 'a1xxs.parquet')}' (FORMAT parquet)`);
      const files = readStaged([{ uri, rows: 2, bytes: 1 }]);
      const rows = await inMemory(`SELECT id FROM ${files} ORDER BY id`);
      assert.deepEqual(
        rows.map(({ id }) => String(id)),
        ['1', '2'],
      );
    } finally {
      await remove();
    }
  });
});
