import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { windowOf } from '../../src/activities/window-of.js';
import type { Publisher, PublishRequest, SinkMode } from '../../src/destinations/destination.js';
import { loadDestination } from '../../src/destinations/registry.js';
import { cursorKey, type CursorType, type SourceWindow } from '../../src/shared/window.js';
import { duckdbSink } from '../destinations/duckdb/support.js';
import { failureOf, requestOf } from '../destinations/in-process.js';
import { isInWindow } from './naive.js';
import { contentOf, textOf, type Column, type Row, type Table } from './rows.js';
import type { Stager } from './stager.js';

/** Time is counted in ticks: days of a date, hours of a timestamp, numbers of an integer. */
export interface Setting {
  type: CursorType;
  mode: SinkMode;
  /** A merge whose one key is the cursor column: it replaces windows. */
  byWindow: boolean;
  lag: number;
  pipelines: 1 | 2;
}

export type Step =
  | { kind: 'insert'; pipeline: number; count: number }
  /** A row that is committed with a time of the past. */
  | { kind: 'late'; pipeline: number; ticks: number }
  | { kind: 'without'; pipeline: number }
  | { kind: 'update'; pipeline: number; pick: number }
  | { kind: 'run'; pipeline: number; trouble: Trouble };

export type Trouble =
  | 'none'
  /** The answer of the publish is lost; it is made again. */
  | 'lost answer'
  /** The first attempt dies before it publishes; the second reads and stages anew. */
  | 'second attempt'
  /** The run is cancelled while its publisher sleeps; that one wakes after the next run. */
  | 'cancelled sleeper'
  /** A publisher of the run sleeps beside the one that commits, and wakes after the next run. */
  | 'twin sleeper';

/** A source of one pipeline, and what the model knows of its windows. */
interface Source {
  name: string;
  rows: { id: number; at: number | null; note: string }[];
  /** Where the last published window ended, in ticks; null before the first. */
  ended: number | null;
  /** Rows that the destination has of it. */
  expected: Row[];
}

/** One series: the real publisher beside the model, in ticks. */
export class Case {
  #now = 100;
  #nextId = 1;
  #runs = 0;
  #version = 0;
  readonly #sources: Source[];
  #sleeping: { request: PublishRequest; isDone: boolean }[] = [];
  #publisher: Publisher | undefined;

  constructor(
    private readonly setting: Setting,
    private readonly root: string,
    private readonly stager: Stager,
    private readonly table: string,
  ) {
    // Two pipelines on one table make sense only if neither takes the other's rows away.
    const isShared = setting.pipelines === 2 && setting.mode !== 'replace' && !this.#byWindow;
    this.#sources = (isShared ? ['north', 'south'] : ['north']).map((name) => ({
      name,
      rows: [],
      ended: null,
      expected: [],
    }));
  }

  get #byWindow(): boolean {
    return this.setting.mode === 'merge' && this.setting.byWindow;
  }

  get #sink() {
    return duckdbSink(this.root, { database: `${this.table}.duckdb`, table: this.table });
  }

  async open(): Promise<void> {
    const { parameters } = this.#sink;
    const destination = await loadDestination('duckdb');
    const context = { root: this.root, storeId: 'store' };
    this.#publisher = await destination.open(
      destination.parameters.parse(parameters),
      context,
      5000,
    );
  }

  close(): Promise<void> | undefined {
    return this.#publisher?.close();
  }

  async take(step: Step): Promise<void> {
    const source = this.#sources[step.pipeline % this.#sources.length];
    assert.ok(source);
    switch (step.kind) {
      case 'insert':
        this.#now += 1;
        for (let index = 0; index < step.count; index++) this.#insert(source, this.#now);
        return;
      case 'late':
        this.#insert(source, this.#now - step.ticks);
        return;
      case 'without':
        this.#insert(source, null);
        return;
      case 'update': {
        // An append is of rows that do not change.
        const row = source.rows[step.pick % Math.max(source.rows.length, 1)];
        if (row === undefined || this.setting.mode === 'append') return;
        this.#now += 1;
        row.at = this.#now;
        row.note = `changed at ${this.#now}`;
        return;
      }
      case 'run':
        this.#now += 1;
        await this.#run(source, step.trouble);
        await this.compare();
    }
  }

  /** Publishers that slept wake: what they were to commit is committed or taken by others. */
  async wake(): Promise<void> {
    for (const { request, isDone } of this.#sleeping.splice(0)) {
      if (isDone) {
        const commit = await this.#open.publish(request);
        assert.equal(commit.adopted, true);
      } else {
        assert.equal((await failureOf(this.#open.publish(request))).type, 'VersionTaken');
      }
    }
  }

  async compare(): Promise<void> {
    const expected = this.#sources.flatMap((source) => source.expected);
    assert.deepEqual(await this.#content(), contentOf({ columns: this.#columns, rows: expected }));
  }

  #insert(source: Source, at: number | null): void {
    const id = this.#nextId++;
    source.rows.push({ id, at, note: `row ${id}` });
  }

  async #run(source: Source, trouble: Trouble): Promise<void> {
    if (trouble === 'second attempt') await this.#stage(source, 'lost');
    const { request, window } = await this.#stage(source, `run${++this.#runs}`);
    if (trouble === 'cancelled sleeper') {
      await this.#open.fence(request);
      this.#version += 1;
      this.#sleeping.push({ request, isDone: false });
      return;
    }
    const commit = await this.#open.publish(request);
    assert.deepEqual([commit.version, commit.adopted], [this.#version + 1, false]);
    this.#version += 1;
    this.#published(source, window);
    if (trouble === 'lost answer') {
      assert.equal((await this.#open.publish(request)).adopted, true);
    }
    await this.wake();
    if (trouble === 'twin sleeper') this.#sleeping.push({ request, isDone: true });
  }

  /** What a run does before it publishes, as the activities do it. */
  async #stage(
    source: Source,
    runKey: string,
  ): Promise<{ request: PublishRequest; window: SourceWindow }> {
    const { type, mode } = this.setting;
    const key = cursorKey(source.name, 'orders');
    const position = await this.#open.position([{ key, column: 'at' }]);
    const cursor = position.empty ? undefined : position.cursors[key];
    const numbers = source.rows.flatMap(({ at }) => at ?? []);
    const window = windowOf({
      incremental: {
        column: 'at',
        from: 'max_value_in_destination',
        destination_sink: 'sink',
        lag: this.#lag,
        initial_value: null,
      },
      modes: [mode],
      time: timeOf(type, this.#now),
      timezone: 'UTC',
      probe: {
        type,
        max: type === 'integer' && numbers.length > 0 ? String(Math.max(...numbers)) : null,
      },
      recorded: cursor === undefined ? [] : [cursor],
      // The other pipeline's rows say nothing of this one: its first load reads everything.
      max: null,
      others: {},
    });
    const rows = this.#rowsOf(source).filter(({ at }) => isInWindow(at ?? null, window));
    const staged = await this.stager.stage({ columns: this.#columns, rows });
    const request = requestOf(this.#sink, {
      run: runKey,
      base: this.#version,
      staged,
      mode,
      manifest: `manifest of ${runKey} ${this.#runs}`,
      merge:
        mode === 'merge'
          ? {
              keys: [this.#byWindow ? 'at' : 'id'],
              order: null,
              window: this.#byWindow ? window : null,
            }
          : null,
      windows: [{ ...window, key }],
    });
    return { request, window };
  }

  /** The model's own arithmetic, in ticks: it does not look at the window. */
  #published(source: Source, { next }: SourceWindow): void {
    const { type, mode } = this.setting;
    const isEmpty = this.#sources.every(({ expected }) => expected.length === 0);
    const before = isEmpty ? null : source.ended;
    const numbers = source.rows.flatMap(({ at }) => at ?? []);
    const lag = mode === 'append' ? this.setting.lag : 0;
    let end = this.#now - lag;
    if (type === 'integer') end = numbers.length === 0 ? -Infinity : Math.max(...numbers) + 1 - lag;
    const ended = Math.max(end, before ?? -Infinity);
    const from = before === null ? -Infinity : this.#lowAfter(before);
    const until = type === 'date' && mode !== 'append' ? ended + 1 : ended;
    const read = source.rows.filter(({ at }) => at !== null && at >= from && at < until);
    const rows = read.map((row) => this.#rowOf(row));
    const ids = new Set(rows.map(({ id }) => id));
    if (mode === 'replace') source.expected = rows;
    else if (mode === 'append') source.expected.push(...rows);
    else if (this.#byWindow) {
      const isKept = ({ at }: Row) => !this.#ticks(from, until).has(at ?? '');
      source.expected = [...source.expected.filter(isKept), ...rows];
    } else {
      source.expected = [...source.expected.filter(({ id }) => !ids.has(id ?? '')), ...rows];
    }
    source.ended = ended;
    if (Number.isFinite(ended)) assert.equal(next, textAt(type, ended));
  }

  /** Where a window begins after one that ended there. */
  #lowAfter(ended: number): number {
    return this.setting.mode === 'append' ? ended : ended - this.setting.lag;
  }

  /** The texts of all ticks of a window. */
  #ticks(from: number, until: number): Set<string> {
    const texts = new Set<string>();
    for (let tick = Math.max(from, 0); tick < until; tick++) {
      texts.add(textAt(this.setting.type, tick));
    }
    return texts;
  }

  get #lag() {
    const { type, lag } = this.setting;
    if (lag === 0) return null;
    if (type === 'integer') return { count: lag };
    return { ms: lag * (type === 'date' ? 86_400_000 : 3_600_000) };
  }

  get #columns(): Column[] {
    return [
      { name: 'id', type: 'integer' },
      { name: 'at', type: this.setting.type },
      { name: 'note', type: 'text' },
    ];
  }

  get #open(): Publisher {
    assert.ok(this.#publisher);
    return this.#publisher;
  }

  #rowsOf({ rows }: Source): Row[] {
    return rows.map((row) => this.#rowOf(row));
  }

  #rowOf({ id, at, note }: Source['rows'][number]): Row {
    return { id: String(id), at: at === null ? null : textAt(this.setting.type, at), note };
  }

  /** Read by another opener, as any reader of the file would be: the publisher is closed meanwhile. */
  async #content(): Promise<string[]> {
    if (this.#version === 0) return [];
    await this.close();
    try {
      return await contentIn(join(this.root, `${this.table}.duckdb`), this.table, this.#columns);
    } finally {
      await this.open();
    }
  }
}

async function contentIn(file: string, table: string, columns: Column[]): Promise<string[]> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    const exists = `SELECT 1 FROM duckdb_tables() WHERE table_name = '${table}'`;
    if ((await connection.runAndReadAll(exists)).currentRowCount === 0) return [];
    const texts = columns.map((column) => `${textOf(column)} AS "${column.name}"`);
    const found = await connection.runAndReadAll(`SELECT ${texts.join(', ')} FROM ${table}`);
    const read: Table = { columns, rows: found.getRowObjects() as Row[] };
    return contentOf(read);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Noon of a day, so that the day is not over; the very hour of a timestamp. */
function timeOf(type: CursorType, tick: number): Date {
  const start = Date.UTC(2026, 0, 1);
  return new Date(type === 'date' ? start + (tick + 0.5) * 86_400_000 : start + tick * 3_600_000);
}

function textAt(type: CursorType, tick: number): string {
  if (type === 'integer') return String(tick);
  const text = timeOf(type, tick).toISOString();
  if (type === 'date') return text.slice(0, 10);
  return `${text.slice(0, 19)}.000000${type === 'timestamptz' ? 'Z' : ''}`;
}
