import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { temporaryRoot } from '../../support/stack.js';
import { done, failed, inMemory, publishTask, stage, stageTypes } from '../support.js';
import { filesSink, leftovers, recordOf, versionFolders } from './support.js';

describe('files: formats', () => {
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
  });
  afterEach(() => remove());

  /** Publishes what is staged, and returns the files of the version with their texts. */
  async function published(
    parameters: Record<string, unknown>,
    staged: Awaited<ReturnType<typeof stage>>,
  ): Promise<{ path: string; rows: number | null; text: string }[]> {
    const sink = filesSink(root, parameters);
    await done(publishTask(sink, { run: 'run1', base: 0, staged }));
    const record = await recordOf(sink, 1);
    assert.deepEqual(await leftovers(sink), []);
    return (record.files ?? []).map(({ path, rows }) => {
      const bytes = readFileSync(join(root, 'lake', path));
      const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
      return { path: path.slice((record.folder ?? '').length + 1), rows, text };
    });
  }

  it('keeps every type exactly in Parquet, linked or written anew', async () => {
    const staged = await stageTypes(root, 'exact');
    const original = staged.files[0]?.uri ?? '';
    for (const compression of ['zstd', 'snappy', 'gzip', 'none']) {
      const sink = filesSink(root, { path: compression, compression });
      await done(publishTask(sink, { run: 'run1', base: 0, staged }));
      const file = join(root, compression, 'current', 'part-v1-00000.parquet');
      const [codec] = await inMemory(
        `SELECT DISTINCT compression FROM parquet_metadata('${file}')`,
      );
      const expected = compression === 'none' ? 'UNCOMPRESSED' : compression.toUpperCase();
      assert.equal(codec?.['compression'], expected);
      assert.deepEqual(
        await inMemory(`DESCRIBE SELECT * FROM '${file}'`),
        await inMemory(`DESCRIBE SELECT * FROM '${original}'`),
      );
      const rows = await inMemory(`SELECT * FROM '${file}'`);
      assert.deepEqual(rows, await inMemory(`SELECT * FROM '${original}'`));
      assert.equal(rows.length, 3);
    }
  });

  it('writes unambiguous CSV', async () => {
    const [file] = await published({ format: 'csv' }, await stageTypes(root, 'exact'));
    assert.equal(file?.path, 'part-v1-00000.csv');
    assert.equal(file.rows, 3);
    const cells = await inMemory(
      `SELECT * FROM read_csv('${join(root, 'lake', 'current', file.path)}', all_varchar = true, allow_quoted_nulls = false)`,
    );
    const [first, second, third] = cells;
    assert.deepEqual(first, {
      u64: '18446744073709551615',
      i64: '-9223372036854775808',
      dec: '12345678901234567890123456789.123456789',
      time: '23:59:59.999999',
      tz: '0001-01-01T00:00:00.000000Z',
      ts: '0001-01-01T00:00:00.000000',
      ns: '1970-01-01T00:00:00.000000001',
      date: '0001-01-01',
      uuid: '123e4567-e89b-12d3-a456-426614174000',
      json: '{"a": 12345678901234567890123.50,\n "b": 1}',
      ints: '[1,null]',
      times: '["9999-12-31T23:59:59.999999Z"]',
      pair: '{"b":"AP8=","x":null}',
      map: '{"k":1}',
      bytes: 'AP8=',
      real: '0.1',
      inf: 'Infinity',
      flag: 'true',
      text: 'é😀 "q",\n;',
    });
    assert.equal(second?.['dec'], '-0.500000000');
    assert.equal(second['real'], 'NaN');
    assert.equal(second['inf'], '-Infinity');
    assert.equal(second['text'], '', 'an empty text is no NULL');
    assert.ok(Object.values(third ?? {}).every((value) => value === null));
  });

  it('writes JSON Lines that lose nothing', async () => {
    const [file] = await published({ format: 'jsonl' }, await stageTypes(root, 'exact'));
    const lines = file?.text.trimEnd().split('\n') ?? [];
    assert.equal(lines.length, 3);
    assert.equal(
      lines[0],
      '{"u64":18446744073709551615,"i64":-9223372036854775808,' +
        '"dec":12345678901234567890123456789.123456789,"time":"23:59:59.999999",' +
        '"tz":"0001-01-01T00:00:00.000000Z","ts":"0001-01-01T00:00:00.000000",' +
        '"ns":"1970-01-01T00:00:00.000000001","date":"0001-01-01",' +
        '"uuid":"123e4567-e89b-12d3-a456-426614174000",' +
        '"json":{"a": 12345678901234567890123.50,  "b": 1},"ints":[1,null],' +
        '"times":["9999-12-31T23:59:59.999999Z"],"pair":{"b":"AP8=","x":null},"map":{"k":1},' +
        '"bytes":"AP8=","real":0.1,"inf":"Infinity","flag":true,"text":"é😀 \\"q\\",\\n;"}',
    );
    const [, second, third] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(second?.['ints'], []);
    assert.deepEqual(second['map'], {});
    assert.equal(second['real'], 'NaN');
    assert.equal(second['bytes'], '');
    assert.ok(Object.values(third ?? {}).every((value) => value === null));
  });

  it('writes every year in one way, dates and times alike, and infinity as a word', async () => {
    const staged = await stageTypes(root, 'years');
    const [csv] = await published({ format: 'csv' }, staged);
    assert.equal(
      csv?.text,
      'day,ts,tz,days\n' +
        '-0044-01-01,-0044-01-01T00:00:00.000000,-0044-01-01T00:00:00.000000Z,"[""-0044-01-01""]"\n' +
        '1970-01-01,1970-01-01T00:00:00.000000,1970-01-01T00:00:00.000000Z,"[""infinity""]"\n' +
        '10183-09-21,10183-09-21T00:00:00.000000,10183-09-21T00:00:00.000000Z,"[""-infinity""]"\n' +
        ',,,\n',
    );
    const lines = filesSink(root, { path: 'lines', format: 'jsonl' });
    await done(publishTask(lines, { run: 'run2', base: 0, staged }));
    const file = join(root, 'lines', 'current', 'part-v1-00000.jsonl');
    const back = `read_json('${file}', columns = {day: 'DATE', ts: 'TIMESTAMP', tz: 'TIMESTAMPTZ', days: 'DATE[]'})`;
    assert.deepEqual(
      await inMemory(`SELECT * FROM ${back}`),
      await inMemory(`SELECT * FROM '${staged.files[0]?.uri ?? ''}'`),
    );
  });

  for (const format of ['jsonl', 'csv']) {
    it(`${format}: refuses a JSON document that could not be told from a NULL`, async () => {
      const inside = filesSink(root, { path: 'inside', format });
      const nested = await stageTypes(root, 'json_nulls_inside');
      const end = await failed(publishTask(inside, { run: 'run1', base: 0, staged: nested }));
      assert.equal(end.type, 'DataError');
      assert.match(end.message, /column `docs` has 1 JSON documents that are `null`/);
      assert.match(end.message, /column `pair` has 1 JSON documents that are `null`/);
      assert.deepEqual(await versionFolders(inside), []);
    });
  }

  it('tells a JSON null from a NULL in CSV, and refuses it in JSON Lines', async () => {
    const staged = await stageTypes(root, 'json_nulls');
    const [file] = await published({ format: 'csv' }, staged);
    assert.equal(file?.text, 'id,doc\n1,null\n2,\n3,"{""a"":null}"\n');
    const lines = filesSink(root, { path: 'lines', format: 'jsonl' });
    const end = await failed(publishTask(lines, { run: 'run2', base: 0, staged }));
    assert.equal(end.type, 'DataError');
    assert.match(end.message, /column `doc` has 1 JSON documents that are `null`.*nullif/);
  });

  it('refuses in JSON Lines what would make a line that is no JSON', async () => {
    const staged = await stageTypes(root, 'json_that_is_none');
    const sink = filesSink(root, { format: 'jsonl' });
    const end = await failed(publishTask(sink, { run: 'run1', base: 0, staged }));
    assert.equal(end.type, 'DataError');
    assert.match(end.message, /column `nan` has 1 JSON documents with NaN or Infinity/);
    assert.doesNotMatch(end.message, /column `(wide|deep)`/);
  });

  it('refuses a map in which a key stands twice', async () => {
    const staged = await stageTypes(root, 'map_key_twice');
    const sink = filesSink(root, { format: 'jsonl' });
    const end = await failed(publishTask(sink, { run: 'run1', base: 0, staged }));
    assert.equal(end.type, 'DataError');
    assert.match(end.message, /column `m` has 1 rows with a map in which a key stands twice/);
  });

  it('writes three thousand columns in each format', async () => {
    const columns = Array.from({ length: 3000 }, (_, index) => `${index} AS c${index}`).join(', ');
    const staged = await stage(root, `SELECT ${columns}`);
    const [lines] = await published({ format: 'jsonl' }, staged);
    assert.equal((JSON.parse(lines?.text ?? '') as Record<string, number>)['c2999'], 2999);
    const csv = filesSink(root, { path: 'csv', format: 'csv' });
    await done(publishTask(csv, { run: 'run2', base: 0, staged }));
  });

  it('writes CSV as its options say', async () => {
    const staged = await stage(root, `SELECT 1 AS a, NULL::VARCHAR AS b, 'x;y' AS c, 'NULL' AS d`);
    const [file] = await published(
      { format: 'csv', delimiter: ';', header: false, null_value: 'NULL', compression: 'gzip' },
      staged,
    );
    assert.equal(file?.path, 'part-v1-00000.csv.gz');
    assert.equal(file.text, '1;NULL;"x;y";"NULL"\n');
  });

  it('writes one file for each staged one', async () => {
    const staged = await stage(root, 'SELECT 1 AS id', 'SELECT 2 AS id', 'SELECT 3 AS id');
    const files = await published({ format: 'jsonl', compression: 'gzip' }, staged);
    assert.deepEqual(
      files.map(({ path, text }) => [path, text]),
      [1, 2, 3].map((id) => [`part-v1-0000${id - 1}.jsonl.gz`, `{"id":${id}}\n`]),
    );
  });

  it('names columns as they are, in JSON too', async () => {
    const staged = await stage(root, `SELECT 1 AS "it's", 2 AS "a ""b""", 3 AS "é"`);
    const [file] = await published({ format: 'jsonl' }, staged);
    assert.deepEqual(JSON.parse(file?.text ?? ''), { "it's": 1, 'a "b"': 2, é: 3 });
  });

  describe('partitions', () => {
    it('refuses days that are no date to a reader', async () => {
      for (const day of ["'infinity'", "'0044-03-15 (BC)'", "'10000-01-01'"]) {
        const sink = filesSink(root, { partition_by: ['day'] });
        const staged = await stage(root, `SELECT 1 AS id, DATE ${day} AS day`);
        const end = await failed(publishTask(sink, { run: 'run1', base: 0, staged }));
        assert.equal(end.type, 'DataError');
        assert.match(end.message, /column `day` holds infinity or a day outside of the years/);
      }
    });

    const rows = `SELECT range AS id, ['AA', 'a/b', NULL][range % 3 + 1] AS carrier,
      DATE '2024-01-01' + (range % 2)::INTEGER AS day FROM range(600)`;
    const partition_by = ['carrier', 'day'];

    for (const format of ['parquet', 'csv', 'jsonl']) {
      it(`${format}: the columns name the folders, every row is in one`, async () => {
        const files = await published({ format, partition_by }, await stage(root, rows));
        const carriers = ['AA', '__HIVE_DEFAULT_PARTITION__', 'a%2Fb'];
        assert.deepEqual(
          [...new Set(files.map(({ path }) => path.slice(0, path.lastIndexOf('/'))))],
          carriers.flatMap((carrier) =>
            ['01', '02'].map((day) => `carrier=${carrier}/day=2024-01-${day}`),
          ),
        );
        const read = { parquet: 'read_parquet', csv: 'read_csv', jsonl: 'read_json' }[format];
        const glob = join(root, 'lake', 'current', '**', `*.${format}`);
        const found = await inMemory(
          `SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids, count(carrier)::int AS carriers,
           count(*) FILTER (carrier = 'a/b' AND day = '2024-01-02')::int AS some
           FROM ${read}('${glob}', hive_partitioning = true)`,
        );
        assert.deepEqual(found, [{ n: 600, ids: 600, carriers: 400, some: 100 }]);
        const one = files[0]?.text ?? '';
        if (format === 'csv') assert.match(one, /^id\n\d/);
        if (format === 'jsonl') assert.match(one, /^\{"id":\d+\}\n/);
        if (format === 'parquet') {
          assert.equal(
            files.reduce((sum, file) => sum + (file.rows ?? 0), 0),
            600,
          );
        }
      });
    }

    it('appends to partitions, old and new', async () => {
      const sink = filesSink(root, { partition_by: ['carrier'] });
      const append = async (version: number, carrier: string) =>
        done(
          publishTask(sink, {
            run: `run${version}`,
            base: version - 1,
            staged: await stage(root, `SELECT ${version} AS id, '${carrier}' AS carrier`),
            mode: 'append',
          }),
        );
      await append(1, 'AA');
      await append(2, 'AA');
      await append(3, 'BB');
      const record = await recordOf(sink, 3);
      assert.deepEqual(
        record.files?.map(({ path }) => path.slice((record.folder ?? '').length + 1)),
        ['AA/part-v1', 'AA/part-v2', 'BB/part-v3'].map((path) => `carrier=${path}-0.parquet`),
      );
    });

    const refusals = [
      { query: `SELECT 1 AS id, '' AS p`, type: 'DataError', why: /`p` holds an empty text/ },
      { query: `SELECT 1 AS id, 'null' AS p`, type: 'DataError', why: /take for a NULL/ },
      {
        query: `SELECT 1 AS id, '__HIVE_DEFAULT_PARTITION__' AS p`,
        type: 'DataError',
        why: /take for a NULL/,
      },
      {
        query: 'SELECT 1 AS id, range AS p FROM range(10001)',
        type: 'DataError',
        why: /more than 10,000 values/,
      },
      {
        query: 'SELECT 1 AS id, 0.5::DOUBLE AS p',
        type: 'ConfigError',
        why: /`p` is double; cast/,
      },
      { query: 'SELECT 1 AS id', type: 'ConfigError', why: /no column `p` \(id\)/ },
      { query: 'SELECT 1 AS p', type: 'ConfigError', why: /names every column/ },
    ];
    for (const { query, type, why } of refusals) {
      it(`refuses ${query}`, async () => {
        const sink = filesSink(root, { partition_by: ['p'] });
        const staged = await stage(root, query);
        const end = await failed(publishTask(sink, { run: 'run1', base: 0, staged }));
        assert.equal(end.type, type);
        assert.match(end.message, why);
        assert.deepEqual(await versionFolders(sink), []);
        assert.deepEqual(await leftovers(sink), []);
      });
    }
  });

  it('refuses what cannot be written exactly anew, and links what need not be', async () => {
    for (const group of ['wide_decimal', 'nanoseconds_utc', 'duration', 'case']) {
      const staged = await stageTypes(root, group);
      const csv = filesSink(root, { path: `csv-${group}`, format: 'csv' });
      const end = await failed(publishTask(csv, { run: 'run1', base: 0, staged }));
      assert.equal(end.type, 'DataError');
      assert.match(end.message, /cannot be written: column/);
      const linked = filesSink(root, { path: `linked-${group}` });
      assert.equal(
        (await done(publishTask(linked, { run: 'run1', base: 0, staged }))).rows,
        staged.rows,
      );
    }
  });

  it('refuses staged files that hold other rows than the manifest says', async () => {
    for (const [index, parameters] of [{}, { format: 'csv' }, { partition_by: ['p'] }].entries()) {
      const sink = filesSink(root, { ...parameters, path: `lake${index}` });
      const staged = await stage(root, `SELECT 1 AS id, 'x' AS p`);
      for (const file of staged.files) file.rows = 2;
      staged.rows = 2;
      const end = await failed(publishTask(sink, { run: 'run1', base: 0, staged }));
      assert.equal(end.type, 'StagingDamaged');
      assert.deepEqual(await versionFolders(sink), []);
    }
  });

  it('reads a staging whose path looks like a pattern or a partition', async () => {
    const odd = join(root, 'a=b [1]*');
    const staged = await stage(odd, 'SELECT 7 AS id');
    const [file] = await published({ format: 'csv' }, staged);
    assert.equal(file?.text, 'id\n7\n');
  });
});
