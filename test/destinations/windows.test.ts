import assert from 'node:assert/strict';
import type {
  GreatestValue,
  Position,
  PublishRequest,
  SinkWindow,
} from '../../src/destinations/destination.js';
import { leastInteger } from '../../src/shared/window.js';
import { failureOf, requestOf, withPublisher } from './in-process.js';
import { kinds, withPlace } from './places.js';
import { ids, stage, type Publishing, type TestSink } from './support.js';

/** A window of the integer column `id`. */
function windowOf(low: number | null, high: number, more: Partial<SinkWindow> = {}): SinkWindow {
  return {
    key: 'sales.orders',
    column: 'id',
    type: 'integer',
    low: low === null ? null : String(low),
    low_inclusive: true,
    high: String(high),
    next: String(high),
    basis: 'record',
    ...more,
  };
}

for (const kind of kinds) {
  describe(`${kind.name}: windows`, function () {
    this.timeout(60_000);
    let root: string;
    let sink: TestSink;
    let rowsThere: () => Promise<string[]>;
    let version: number;

    withPlace(kind, (ready) => {
      ({ root, sink, rows: rowsThere } = ready);
      version = 0;
    });

    const publish = async (
      publishing: Omit<Publishing, 'staged' | 'base'> & {
        rows: [number, number];
        sinkName?: string;
      },
    ) => {
      const { rows, sinkName = 'sink', ...rest } = publishing;
      const staged = await stage(root, ids(...rows));
      const request: PublishRequest = {
        ...requestOf(sink, { mode: 'append', base: version, staged, ...rest }),
        sink: sinkName,
      };
      const commit = await withPublisher(sink, (publisher) => publisher.publish(request));
      version = Math.max(version, commit.version);
      return commit;
    };
    const position = (keys: string[] = [], column = 'id'): Promise<Position> =>
      withPublisher(sink, (publisher) => publisher.position(keys.map((key) => ({ key, column }))));
    const nextOf = async (key = 'sales.orders') => (await position()).cursors[key]?.next;

    it('a destination that was never published to has no position', async () => {
      const nothing = { empty: true, cursors: {}, greatest: {}, last: null, commits: [] };
      assert.deepEqual(await position(['sales.orders'], 'id'), nothing);
    });

    it('records where the next window begins, for each source by its key', async () => {
      await publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      const other = windowOf(null, 9, { key: 'other.orders', next: '7' });
      await publish({ run: 'run2', rows: [5, 6], windows: [other] });
      const { cursors } = await position();
      assert.deepEqual(cursors, {
        'sales.orders': { column: 'id', type: 'integer', next: '4' },
        'other.orders': { column: 'id', type: 'integer', next: '7' },
      });
    });

    it('names the run of the newest commit, and the newest commits; fences are none', async () => {
      await publish({ run: 'run1', rows: [1, 1] });
      const origin = {
        pipeline: 'sales',
        planSha256: 'abc',
        manifestUri: 'gs://bucket/manifest.json',
        manifestSha256: 'def',
        storeId: 'store',
        sinks: ['first', 'second'],
      };
      const readAt = '2200-01-01T00:00:00.000Z';
      await publish({ run: 'run2', rows: [2, 2], origin, readAt, sinkName: 'first' });
      const identity = { destination: kind.name, baseVersion: 2, runKey: 'run3', sink: 'sink' };
      await withPublisher(sink, (publisher) => publisher.fence(identity));
      const { last, commits } = await position([]);
      assert.deepEqual(last, { ...origin, runKey: 'run2', sink: 'first', readAt });
      assert.deepEqual(commits, [
        { runKey: 'run2', sink: 'first' },
        { runKey: 'run1', sink: 'sink' },
      ]);
    });

    it('refuses an append of what another run appended, unless it is asked for', async () => {
      await publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      for (const low of [null, 1, 3]) {
        const again = publish({ run: 'run2', rows: [3, 5], windows: [windowOf(low, 6)] });
        const failure = await failureOf(again);
        assert.equal(failure.type, 'WindowCommitted');
        assert.match(failure.message, /sales\.orders`? (before|up to) id 4 .*run1.*--again/);
      }
      assert.deepEqual(await rowsThere(), ['1', '2', '3']);
      await publish({ run: 'run2', rows: [4, 5], windows: [windowOf(4, 6)] });
      await publish({ run: 'run3', rows: [1, 1], windows: [windowOf(1, 2)], again: true });
      assert.deepEqual(await rowsThere(), ['1', '1', '2', '3', '4', '5']);
      assert.equal(await nextOf(), '6', 'a window of the past does not move the record back');
    });

    it('refuses no window that holds nothing of what is there', async () => {
      await publish({ run: 'run1', rows: [1, 4], windows: [windowOf(null, 5)] });
      await publish({ run: 'run2', rows: [1, 0], windows: [windowOf(2, 2)] });
      const beforeAll = windowOf(null, 0, { high: leastInteger, next: leastInteger });
      await publish({ run: 'run3', rows: [1, 0], windows: [beforeAll] });
      const behind = windowOf(4, 6, { low_inclusive: false });
      await publish({ run: 'run4', rows: [5, 5], windows: [behind] });
      assert.deepEqual(await rowsThere(), ['1', '2', '3', '4', '5']);
      assert.equal(await nextOf(), '6');
    });

    it('compares whole numbers as numbers', async () => {
      await publish({ run: 'run1', rows: [9, 9], windows: [windowOf(null, 10)] });
      const early = await failureOf(
        publish({ run: 'run2', rows: [9, 9], windows: [windowOf(9, 99)] }),
      );
      assert.equal(early.type, 'WindowCommitted');
      await publish({ run: 'run3', rows: [100, 100], windows: [windowOf(100, 101)] });
      assert.equal(await nextOf(), '101');
    });

    it('one run may append one window by two sinks, and its retry adopts each', async () => {
      const windows = [windowOf(null, 4)];
      const first = await publish({ run: 'run1', rows: [1, 3], windows, sinkName: 'a' });
      await publish({ run: 'run1', rows: [11, 13], windows, sinkName: 'b' });
      const retried = await publish({ run: 'run1', rows: [1, 3], windows, sinkName: 'a' });
      assert.deepEqual(retried, { ...first, adopted: true });
      assert.equal((await rowsThere()).length, 6);
    });

    it('what a run has committed stands, though a later attempt of it read other rows', async () => {
      const mode = kind.name === 'files' ? 'append' : 'merge';
      const merge = mode === 'append' ? null : { keys: ['id'], order: null, window: null };
      const windows = [windowOf(null, 4)];
      const publishing = { run: 'run1', mode, merge, windows } as const;
      const first = await publish({ ...publishing, rows: [1, 3], manifest: 'first' });
      version = 0;
      const again = await publish({ ...publishing, rows: [1, 2], manifest: 'second' });
      assert.deepEqual(again, { ...first, adopted: true });
      assert.deepEqual(await rowsThere(), ['1', '2', '3']);
    });

    it('another pipeline may append its own source to the same destination', async () => {
      await publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      const key = 'other.orders';
      await publish({ run: 'run2', rows: [1, 3], windows: [windowOf(null, 4, { key })] });
      assert.equal((await rowsThere()).length, 6);
    });

    it('says VersionTaken, not WindowCommitted, to a run that may look again', async () => {
      const windows = [windowOf(null, 4)];
      await publish({ run: 'run1', rows: [1, 3], windows });
      version = 0;
      const failure = await failureOf(publish({ run: 'run2', rows: [1, 3], windows }));
      assert.equal(failure.type, 'VersionTaken');
    });

    it('a replace forgets the records before it: they tell nothing of the rows that are there', async () => {
      await publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      await publish({ run: 'run2', rows: [1, 7], mode: 'replace' });
      const { cursors, greatest } = await position(['sales.orders'], 'id');
      assert.deepEqual(cursors, {});
      assert.deepEqual(greatest, { 'sales.orders': { type: 'integer', value: '7' } });
      const windows = [windowOf(2, 3)];
      await publish({ run: 'run3', rows: [2, 2], mode: 'replace', windows });
      assert.equal(await nextOf(), '3', 'what a replace itself brings is recorded');
    });

    it('a replace by an earlier window than the one that is there is refused, unless it is asked for', async () => {
      const mode = 'replace';
      await publish({ run: 'run1', rows: [5, 9], mode, windows: [windowOf(5, 10)] });
      const failure = await failureOf(
        publish({ run: 'run2', mode, rows: [1, 4], windows: [windowOf(1, 5)] }),
      );
      assert.equal(failure.type, 'WindowCommitted');
      assert.match(
        failure.message,
        /up to before id 10 .*run1.*replace them by those before 5.*--again/,
      );
      assert.deepEqual(await rowsThere(), ['5', '6', '7', '8', '9']);
      await publish({ run: 'run3', rows: [5, 9], mode, windows: [windowOf(5, 10)] });
      await publish({ run: 'run4', mode, rows: [1, 4], windows: [windowOf(1, 5)], again: true });
      assert.deepEqual(await rowsThere(), ['1', '2', '3', '4']);
    });

    it('a record of another column says nothing about this one', async () => {
      await publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      const other = windowOf(null, 2, { column: 'day', type: 'date', high: '2026-01-02' });
      await publish({ run: 'run2', rows: [4, 4], windows: [{ ...other, next: '2026-01-02' }] });
      assert.equal(await nextOf(), '2026-01-02');
    });

    it('looks for no greatest value of a source that is recorded: its column need not be there', async () => {
      await publish({ run: 'run1', rows: [1, 3], windows: [windowOf(null, 4)] });
      const { cursors, greatest } = await withPublisher(sink, (publisher) =>
        publisher.position([
          { key: 'sales.orders', column: 'updated_at' },
          { key: 'sales.lines', column: 'id' },
        ]),
      );
      assert.equal(cursors['sales.orders']?.next, '4');
      assert.deepEqual(greatest, { 'sales.lines': { type: 'integer', value: '3' } });
      const other = await failureOf(position(['sales.orders', 'sales.lines'], 'updated_at'));
      assert.match(other.message, /has no column `updated_at`|have no column `updated_at`/);
    });

    // BigQuery's types are other ones: see test/destinations/bigquery.
    if (kind.name === 'bigquery') return;

    it('tells the greatest value of a column, as a cursor of its type', async () => {
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
