import assert from 'node:assert/strict';
import type { Merge, SinkMode } from '../../src/destinations/destination.js';
import { publishNaively, type Refusal } from './naive.js';
import type { Column, Row, Table } from './rows.js';
import type { Note, Setting } from './series.js';
import { initialTick, textAt } from './ticks.js';

/** A source of one pipeline, and what the model knows of its windows. */
export interface Source {
  name: string;
  rows: { id: number; at: number | null; note: Note }[];
  /** Where the last published window ended, in ticks; null if the table remembers none. */
  ended: number | null;
}

/** What a run has read, and not published yet. */
export interface Reading {
  rows: readonly Row[];
  /** From here, to before `until`, in ticks; none of a run without windows. */
  window: { low: number; until: number } | null;
  ended: number | null;
  basis: Outcome['basis'];
  /** Counts what was read: the greater was read later. */
  order: number;
}

/** What a publish must bring about: the table after it and the end of the window, or why it is refused. */
export interface Outcome {
  table: Table;
  ended: number | null;
  /** Who says where the window began. */
  basis: 'record' | 'destination' | 'initial_value' | 'everything' | 'no window';
  order: number;
}

/**
 * What the table must hold: the rules of docs/incremental-and-merge.md, in ticks. It does not look at the
 * windows that the product computes.
 */
export class Expectation {
  readonly columns: readonly Column[];
  #table: Table | null = null;
  #reads = 0;
  /** Order of the rows that were read last, of all in the table; and without those that were appended. */
  #newest = 0;
  #rewritten = 0;
  /** By the id of a row: when what the table has of it was read. */
  #readOf = new Map<string, number>();

  constructor(private readonly setting: Setting) {
    this.columns = [
      { name: 'id', type: 'integer' },
      { name: 'at', type: setting.type },
      { name: 'note', type: 'text' },
    ];
  }

  get table(): Table {
    return this.#table ?? { columns: this.columns, rows: [] };
  }

  /**
   * What a run reads now.
   * @param others sources of other pipelines that publish to the table
   * @param now the run's time, in ticks
   */
  read(source: Source, others: readonly Source[], now: number): Reading {
    const { type, mode } = this.setting;
    const begin = this.#begin(source, others);
    const numbers = source.rows.flatMap(({ at }) => at ?? []);
    const lag = mode === 'append' ? this.setting.lag : 0;
    const newest = type === 'integer' ? Math.max(...numbers) + 1 : now;
    // What the table had already is in no window.
    const ended = Math.max(newest - lag, begin.ended);
    const until = type === 'date' && mode !== 'append' ? ended + 1 : ended;
    return this.readAgain(source, {
      window: { low: begin.low, until },
      ended,
      basis: begin.basis,
    });
  }

  /** What a run reads now of an earlier one's window. */
  readAgain(source: Source, given: Pick<Reading, 'window' | 'ended' | 'basis'>): Reading {
    const { low, until } = given.window ?? { low: -Infinity, until: Infinity };
    const read = source.rows.filter(({ at }) => at !== null && at >= low && at < until);
    return { ...given, rows: read.map((row) => this.rowOf(row)), order: ++this.#reads };
  }

  /** What a publish of it now brings about. */
  afterPublish(
    source: Source,
    reading: Reading,
    { overNewer = false }: { overNewer?: boolean } = {},
  ): Outcome | Refusal {
    const { mode, type } = this.setting;
    const { window, ended, basis, order, rows } = reading;
    if (window === null) return this.#afterLoad(source, reading);
    const rival = mode === 'append' ? this.#rewritten : this.#newest;
    if (rival > order && !overNewer) return 'NewerCommitted';
    const { low, until } = window;
    if (source.ended !== null) {
      const isCommitted = source.ended > low && until > low;
      if (mode === 'append' && isCommitted && this.table.rows.length > 0) return 'WindowCommitted';
      if (mode === 'replace' && source.ended > until) return 'WindowCommitted';
    }
    const merge = this.mergeOf(
      this.setting.byWindow
        ? {
            column: 'at',
            type,
            low: Number.isFinite(low) ? textAt(type, low) : null,
            low_inclusive: true,
            high: textAt(type, until),
            next: '',
            basis: 'record' as const,
          }
        : null,
    );
    const batch = { columns: this.columns, rows };
    const table = publishNaively(this.#table, batch, { mode, merge, onSchemaChange: 'fail' });
    if (typeof table === 'string') return table;
    const known = mode === 'replace' ? null : source.ended;
    return { table, ended: latest(known, ended), basis, order };
  }

  /** What a run without windows reads now. */
  readAll({ rows }: Source): Reading {
    const all = rows.map((row) => this.rowOf(row));
    return { rows: all, window: null, ended: null, basis: 'no window', order: ++this.#reads };
  }

  #afterLoad(source: Source, { rows, order }: Reading): Outcome | Refusal {
    const batch = { columns: this.columns, rows };
    const mode = this.loadMode;
    const merge = mode === 'merge' ? this.mergeOf(null) : null;
    const table = publishNaively(this.#table, batch, { mode, merge, onSchemaChange: 'fail' });
    if (typeof table === 'string') return table;
    return { table, ended: mode === 'replace' ? null : source.ended, basis: 'no window', order };
  }

  /** @param overNewer what the table has of a row may go back to what was read before */
  published(
    source: Source,
    { rows, window }: Reading,
    { table, ended, order }: Outcome,
    { overNewer = false }: { overNewer?: boolean } = {},
  ): void {
    const mode = window === null ? this.loadMode : this.setting.mode;
    const isForced = overNewer || mode === 'append';
    for (const { id } of rows) {
      const before = this.#readOf.get(String(id)) ?? 0;
      assert.ok(isForced || before <= order, `row ${id} goes back`);
      this.#readOf.set(String(id), order);
    }
    this.#table = table;
    source.ended = ended;
    this.#newest = Math.max(this.#newest, order);
    if (mode !== 'append') this.#rewritten = Math.max(this.#rewritten, order);
  }

  /** Windows are replaced by windows only: without one, the whole table. */
  get loadMode(): SinkMode {
    const { mode, byWindow } = this.setting;
    return mode === 'merge' && byWindow ? 'replace' : mode;
  }

  /** How a merge finds rows; null for another mode. */
  mergeOf(window: Merge['window']): Merge | null {
    const { mode, ordered } = this.setting;
    if (mode !== 'merge') return null;
    if (window !== null) return { keys: ['at'], order: null, window };
    return { keys: ['id'], order: ordered ? ['at', 'note'] : null, window: null };
  }

  rowOf({ id, at, note }: Source['rows'][number]): Row {
    return { id: String(id), at: at === null ? null : textAt(this.setting.type, at), note };
  }

  /** `low` is where reading begins, `ended` what is known to be in the table: a lag reads some of it again. */
  #begin(
    source: Source,
    others: readonly Source[],
  ): { low: number; ended: number; basis: Outcome['basis'] } {
    const { mode, lag } = this.setting;
    const { rows } = this.table;
    const back = mode === 'append' ? 0 : lag;
    if (rows.length > 0 && source.ended !== null) {
      return { low: source.ended - back, ended: source.ended, basis: 'record' };
    }
    const times = rows.flatMap(({ at }) => (typeof at === 'string' ? this.#tickOf(at) : []));
    // The greatest time says nothing if it may be that of another pipeline's row.
    if (times.length > 0 && others.every(({ ended }) => ended === null)) {
      const greatest = Math.max(...times);
      // An append takes the rows at the greatest time for those that are there.
      const next = mode === 'append' ? greatest + this.#justAfter : greatest;
      return { low: next - back, ended: next, basis: 'destination' };
    }
    const initial = initialTick(this.setting);
    if (initial !== null) return { low: initial, ended: initial, basis: 'initial_value' };
    return { low: -Infinity, ended: -Infinity, basis: 'everything' };
  }

  get #justAfter(): number {
    return this.setting.type === 'integer' || this.setting.type === 'date' ? 1 : 1 / 2;
  }

  #tickOf(text: string): number {
    for (let tick = 0; tick < 1000; tick++)
      if (textAt(this.setting.type, tick) === text) return tick;
    return assert.fail(`no tick is ${text}`);
  }
}

function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
