import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryRoot } from '../../support/stack.js';
import {
  done,
  failed,
  fenceTask,
  ids,
  inMemory,
  inspectTask,
  onDuckdb,
  publishTask,
  stage,
  stageTypes,
  versionIn,
  versionOf,
} from '../support.js';
import { commits, duckdbSink, tableIds } from './support.js';

describe('duckdb: publish', () => {
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
  });
  afterEach(() => remove());

  it('replaces and appends, each row once', async () => {
    const sink = duckdbSink(root);
    assert.equal(await versionOf(sink), 0);
    const one = await stage(root, ids(1, 2), ids(3, 3));
    const first = await done(publishTask(sink, { run: 'run1', base: 0, staged: one }));
    assert.deepEqual(first, { version: 1, rows: 3, bytes: one.bytes, adopted: false });
    await done(publishTask(sink, { run: 'run2', base: 1, staged: await stage(root, ids(7, 8)) }));
    const more = await stage(root, ids(9, 9));
    const task = publishTask(sink, { run: 'run3', base: 2, staged: more, mode: 'append' });
    assert.equal((await done(task)).rows, 1);
    assert.equal((await done(task)).adopted, true);
    assert.deepEqual(await tableIds(root), ['7', '8', '9']);
    assert.equal(await versionOf(sink), 3);
  });

  it('adopts the commit that this run made, also after another run published', async () => {
    const sink = duckdbSink(root);
    const staged = await stage(root, ids(1, 1));
    const task = publishTask(sink, { run: 'run1', base: 0, staged });
    const first = await done(task);
    await done(publishTask(sink, { run: 'run2', base: 1, staged: await stage(root, ids(2, 2)) }));
    assert.deepEqual(await done(task), { ...first, adopted: true });
    assert.deepEqual(await tableIds(root), ['2']);
  });

  it('refuses a version that is taken, naming the run that has it', async () => {
    const sink = duckdbSink(root);
    await done(publishTask(sink, { run: 'run1', base: 0, staged: await stage(root, ids(1, 1)) }));
    const late = publishTask(sink, { run: 'run2', base: 0, staged: await stage(root, ids(2, 2)) });
    const end = await failed(late);
    assert.equal(end.type, 'VersionTaken');
    assert.match(end.message, /at version 1 \(commit of run run1\)/);
    assert.deepEqual(await tableIds(root), ['1']);
  });

  it('a fence answers with the commit that the run made, and else takes its version', async () => {
    const sink = duckdbSink(root);
    const staged = await stage(root, ids(1, 1));
    assert.equal(await done(fenceTask(sink, 'run0', 0)), null);
    assert.equal(await done(fenceTask(sink, 'run0', 0)), null, 'again, it changes nothing');
    assert.equal(
      (await failed(publishTask(sink, { run: 'run0', base: 0, staged }))).type,
      'VersionTaken',
    );
    const commit = await done(publishTask(sink, { run: 'run1', base: 1, staged }));
    assert.deepEqual(await done(fenceTask(sink, 'run1', 1)), { ...commit, adopted: true });
    assert.deepEqual(await commits(root), [
      ['main.orders', '1', 'fence', 'run0'],
      ['main.orders', '2', 'commit', 'run1'],
    ]);
  });

  it('two tables of one file have versions of their own', async () => {
    const staged = await stage(root, ids(1, 1));
    for (const table of ['orders', 'mart.orders']) {
      const sink = duckdbSink(root, { table });
      assert.equal((await done(publishTask(sink, { run: 'run1', base: 0, staged }))).version, 1);
    }
    assert.deepEqual(await tableIds(root, 'mart.orders'), ['1']);
  });

  it('a table is the same in upper and lower case, and is named as it is written first', async () => {
    const upper = duckdbSink(root, { table: 'Mart.Orders' });
    const lower = duckdbSink(root, { table: 'mart.orders' });
    const append = async (sink: typeof upper, run: string, base: number) =>
      done(
        publishTask(sink, {
          run,
          base,
          staged: await stage(root, ids(base, base)),
          mode: 'append',
        }),
      );
    await append(upper, 'run1', 0);
    assert.equal(await versionOf(lower), 1);
    await append(lower, 'run2', 1);
    const names = await onDuckdb(
      join(root, 'warehouse.duckdb'),
      `SELECT schema_name, table_name, estimated_size::int AS n FROM duckdb_tables()
       WHERE schema_name <> '_beamline'`,
    );
    assert.deepEqual(names, [{ schema_name: 'Mart', table_name: 'Orders', n: 2 }]);
  });

  it('the version belongs to the file: another project that names it sees it too', async () => {
    const staged = await stage(root, ids(1, 1));
    await done(publishTask(duckdbSink(root), { run: 'run1', base: 0, staged }));
    const other = join(root, 'other');
    await mkdir(other);
    const sink = duckdbSink(other, { database: '../warehouse.duckdb' });
    const inspect = { ...inspectTask(sink), context: { root: other, storeId: 'other' } };
    assert.equal(await versionIn(inspect), 1);
  });

  it('keeps every type exactly', async () => {
    const staged = await stageTypes(root, 'exact');
    for (const mode of ['replace', 'append'] as const) {
      const base = mode === 'replace' ? 0 : 1;
      await done(publishTask(duckdbSink(root), { run: mode, base, staged, mode }));
    }
    const uri = staged.files[0]?.uri ?? '';
    const file = join(root, 'warehouse.duckdb');
    const described = await onDuckdb(
      file,
      'SELECT column_name, column_type FROM (DESCRIBE orders)',
    );
    const types = Object.fromEntries(
      described.map(({ column_name, column_type }) => [column_name, column_type]),
    );
    assert.deepEqual(types, {
      u64: 'UBIGINT',
      i64: 'BIGINT',
      dec: 'DECIMAL(38,9)',
      time: 'TIME',
      tz: 'TIMESTAMP WITH TIME ZONE',
      ts: 'TIMESTAMP',
      ns: 'TIMESTAMP_NS',
      date: 'DATE',
      uuid: 'UUID',
      json: 'JSON',
      ints: 'BIGINT[]',
      times: 'TIMESTAMP WITH TIME ZONE[]',
      pair: 'STRUCT(b BLOB, x DOUBLE)',
      map: 'MAP(VARCHAR, BIGINT)',
      bytes: 'BLOB',
      real: 'DOUBLE',
      inf: 'FLOAT',
      flag: 'BOOLEAN',
      text: 'VARCHAR',
    });
    const rows = await onDuckdb(file, 'SELECT * FROM orders ORDER BY i64 NULLS LAST');
    const original = await inMemory(`SELECT * FROM '${uri}' ORDER BY i64 NULLS LAST`);
    assert.deepEqual(
      rows,
      original.flatMap((row) => [row, row]),
    );
    assert.deepEqual(
      rows.map(({ u64, dec, time, date, uuid }) => [u64, dec, time, date, uuid])[0],
      [
        '18446744073709551615',
        '12345678901234567890123456789.123456789',
        '23:59:59.999999',
        '0001-01-01',
        '123e4567-e89b-12d3-a456-426614174000',
      ],
    );
    assert.equal(rows[2]?.['date'], '9999-12-31');
    assert.equal(rows[2]['tz'], '9999-12-31 23:59:59.999999+00');
  });

  it('refuses what DuckDB would change, by column', async () => {
    const expected: Record<string, RegExp> = {
      wide_decimal: /column `amount` is decimal256\(50, 10\): decimals have at most 38 digits/,
      nanoseconds_utc: /column `at` is timestamp\[ns, tz=UTC\]: .*microseconds/,
      duration: /column `took` is duration\[us\]/,
      case: /columns `id` and `ID` differ only in upper and lower case/,
    };
    for (const [group, why] of Object.entries(expected)) {
      const staged = await stageTypes(root, group);
      const end = await failed(publishTask(duckdbSink(root), { run: 'run1', base: 0, staged }));
      assert.equal(end.type, 'DataError');
      assert.match(end.message, why);
    }
    assert.equal(await versionOf(duckdbSink(root)), 0);
  });

  it('reads exactly the staged files, whatever signs their paths hold', async () => {
    const staged = await stage(join(root, 'year=2026 [1]*'), ids(1, 1));
    await done(publishTask(duckdbSink(root), { run: 'run1', base: 0, staged }));
    const described = await onDuckdb(join(root, 'warehouse.duckdb'), 'DESCRIBE orders');
    assert.deepEqual(
      described.map(({ column_name }) => column_name),
      ['id', 'name'],
    );
  });

  it('publishes nothing if the staged files hold other rows than the manifest says', async () => {
    const staged = await stage(root, ids(1, 3));
    const task = publishTask(duckdbSink(root), {
      run: 'run1',
      base: 0,
      staged: { ...staged, rows: 4 },
    });
    assert.equal((await failed(task)).type, 'StagingDamaged');
    assert.deepEqual(await commits(root), []);
  });
});
