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

/** What a publish must bring about: the table after it and the end of the window, or why it is refused. */
export interface Outcome {
  table: Table;
  ended: number | null;
  /** Who says where the window began. */
  basis: 'record' | 'destination' | 'initial_value' | 'everything' | 'no window';
}

/**
 * What the table must hold: the rules of docs/incremental-and-merge.md, in ticks. It does not look at the
 * windows that the product computes.
 */
export class Expectation {
  readonly columns: readonly Column[];
  #table: Table | null = null;

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
   * @param others sources of other pipelines that publish to the table
   * @param now the run's time, in ticks
   */
  afterRun(source: Source, others: readonly Source[], now: number): Outcome | Refusal {
    const { type, mode } = this.setting;
    const begin = this.#begin(source, others);
    const numbers = source.rows.flatMap(({ at }) => at ?? []);
    const lag = mode === 'append' ? this.setting.lag : 0;
    const newest = type === 'integer' ? Math.max(...numbers) + 1 : now;
    // What the table had already is in no window.
    const ended = Math.max(newest - lag, begin.ended);
    const until = type === 'date' && mode !== 'append' ? ended + 1 : ended;
    const read = source.rows.filter(({ at }) => at !== null && at >= begin.low && at < until);
    const batch = { columns: this.columns, rows: read.map((row) => this.rowOf(row)) };
    const window = {
      column: 'at',
      type,
      low: Number.isFinite(begin.low) ? textAt(type, begin.low) : null,
      low_inclusive: true,
      high: textAt(type, until),
      next: '',
      basis: 'record' as const,
    };
    const merge = this.mergeOf(this.setting.byWindow ? window : null);
    const table = publishNaively(this.#table, batch, { mode, merge, onSchemaChange: 'fail' });
    return typeof table === 'string' ? table : { table, ended, basis: begin.basis };
  }

  afterLoad(source: Source): Outcome | Refusal {
    const batch = { columns: this.columns, rows: source.rows.map((row) => this.rowOf(row)) };
    const mode = this.loadMode;
    const merge = mode === 'merge' ? this.mergeOf(null) : null;
    const table = publishNaively(this.#table, batch, { mode, merge, onSchemaChange: 'fail' });
    if (typeof table === 'string') return table;
    return { table, ended: mode === 'replace' ? null : source.ended, basis: 'no window' };
  }

  published(source: Source, { table, ended }: Outcome): void {
    this.#table = table;
    source.ended = ended;
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
