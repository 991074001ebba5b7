import { Temporal } from 'temporal-polyfill';
import type { PlannedIncremental } from '../../config/plan/plan-types.js';
import {
  compareCursors,
  leastInteger,
  type CursorType,
  type CursorValue,
  type SourceWindow,
  type WindowBasis,
} from '../../shared/run/window.js';
import {
  convertCursor,
  cursorAfter,
  instantText,
  parseCursor,
  wallText,
} from '../../destinations/cursor-text.js';
import { comparableLow, lacksRecord, recordedLow, sharedWith } from './recorded-low.js';
import { isAppended, NoWindow, type WindowFacts } from './window-facts.js';

/**
 * What a run reads: a pure function of the facts, so that a late or a repeated run reads the same.
 *
 * - It ends at the run's time. An append leaves the rest of a day to the next run where the column
 *   is a date, and the repeated hour where a zone's clocks go back: a row is in one window only.
 * - It begins where the last published one ended, never later: a missed run leaves no gap.
 * @throws {@link NoWindow}
 */
export function windowOf(facts: WindowFacts): SourceWindow {
  const { incremental, probe, given } = facts;
  const { type } = probe;
  const known = given?.start === undefined ? recordedLow(facts) : comparableLow(facts);
  const begin = given?.start === undefined ? beginOf(facts, known) : givenBegin(facts, given.start);
  const end = given?.end === undefined ? endOf(facts) : exactly(facts, given.end, 'window end');
  // The clock of a zone can go back, and a source can lose its greatest row: a window never does.
  const high = begin.from === null ? end.high : later(type, end.high, begin.from);
  return {
    column: incremental.column,
    type,
    low: begin.low,
    low_inclusive: begin.inclusive,
    high,
    next: nextAfter(facts, begin, end.next, known),
    basis: begin.basis,
  };
}

interface Begin {
  low: CursorValue | null;
  /** `low` without the lag, and behind a `low` that is exclusive: rows before it are published. */
  from: CursorValue | null;
  inclusive: boolean;
  basis: WindowBasis;
}

function beginOf(facts: WindowFacts, known: CursorValue | null): Begin {
  const { type } = facts.probe;
  const { from } = facts.incremental;
  if (from !== 'max_value_in_destination') {
    const low = intervalLow(facts, from);
    if (known !== null && compareCursors(type, known, low) < 0)
      return lagged(facts, known, 'record');
    return { low, from: low, inclusive: true, basis: 'interval' };
  }
  if (known !== null && !lacksRecord(facts)) return lagged(facts, known, 'record');
  const first = firstBegin(facts);
  const isFurther =
    known !== null && first.from !== null && compareCursors(type, first.from, known) > 0;
  return isFurther ? lagged(facts, known, 'record') : first;
}

/** Where a sink begins that has no record. */
function firstBegin(facts: WindowFacts): Begin {
  const { incremental, probe, max, others, timezone } = facts;
  const { initial_value: initial } = incremental;
  const { type } = probe;
  const isShared = max !== null && Object.keys(others).length > 0;
  if (max !== null && !isShared) {
    const low = convertCursor(max, type, timezone);
    if (low === null) {
      throw new NoWindow(
        `the destination's \`${incremental.column}\` is ${max.type}, the source's is ${type}: where the ` +
          'destination ends cannot be told; give both one type, or begin with `initial_value`',
      );
    }
    // The rows at that value are taken to be there: the next window begins behind it, too.
    if (isAppended(facts)) {
      return { low, from: cursorAfter(type, low), inclusive: false, basis: 'destination' };
    }
    return lagged(facts, low, 'destination');
  }
  if (initial !== null) {
    const low = parsed(facts, initial, 'initial_value');
    return { low, from: low, inclusive: true, basis: 'initial_value' };
  }
  // A merge can read everything, and changes nothing of what is there already.
  if (isShared && isAppended(facts)) throw new NoWindow(sharedWith(facts));
  return { low: null, from: null, inclusive: true, basis: 'everything' };
}

/**
 * Where the next window begins: where this one ended, unless it leaves out rows that no run has read yet.
 * Those would never be read if the record moved past them, and an append would bring the others twice if
 * it did not.
 */
function nextAfter(
  facts: WindowFacts,
  { from, basis }: Begin,
  end: CursorValue,
  known: CursorValue | null,
): CursorValue {
  const { type } = facts.probe;
  if (known === null) return from === null ? end : later(type, end, from);
  const leavesOut = basis === 'given' && from !== null && compareCursors(type, from, known) > 0;
  if (!leavesOut) return later(type, later(type, end, from ?? known), known);
  if (!isAppended(facts)) return known;
  throw new NoWindow(
    `the window begins at ${from}, and the last one ended at ${known}: no later run could append the rows ` +
      `between them without bringing those of this window twice; begin at ${known} or before it`,
  );
}

function givenBegin(facts: WindowFacts, start: string): Begin {
  const low = parsed(facts, start, 'window start');
  return { low, from: low, inclusive: true, basis: 'given' };
}

/** A merge replaces what it reads again, so it can look back for rows that came late. */
function lagged(facts: WindowFacts, from: CursorValue, basis: WindowBasis): Begin {
  const { lag } = facts.incremental;
  const low = lag === null || isAppended(facts) ? from : earlier(facts, from, lag);
  return { low, from, inclusive: true, basis };
}

function endOf(facts: WindowFacts): { high: CursorValue; next: CursorValue } {
  const { incremental, probe, time, timezone } = facts;
  const lag = isAppended(facts) ? incremental.lag : null;
  if (probe.type === 'integer') {
    if (lag !== null && 'ms' in lag) throw new NoWindow(mismatch(facts));
    const high =
      probe.max === null ? leastInteger : String(BigInt(probe.max) + 1n - BigInt(lag?.count ?? 0));
    return { high, next: high };
  }
  if (lag !== null && 'count' in lag) throw new NoWindow(mismatch(facts));
  const at = Temporal.Instant.fromEpochMilliseconds(time.getTime() - (lag?.ms ?? 0));
  if (probe.type === 'timestamptz') {
    const high = instantText(at);
    return { high, next: high };
  }
  const wall = settledWall(at, timezone);
  if (probe.type === 'timestamp') return { high: wallText(wall), next: wallText(wall) };
  const day = wall.toPlainDate();
  if (isAppended(facts)) return { high: day.toString(), next: day.toString() };
  return { high: day.add({ days: 1 }).toString(), next: day.toString() };
}

/** The wall clock, or what it will go back to within the next hours: nothing before that comes later. */
function settledWall(at: Temporal.Instant, timezone: string): Temporal.PlainDateTime {
  const now = at.toZonedDateTimeISO(timezone);
  const wall = now.toPlainDateTime();
  const after = now.getTimeZoneTransition('next')?.toPlainDateTime();
  return after !== undefined && Temporal.PlainDateTime.compare(after, wall) < 0 ? after : wall;
}

const plural = { ms: 'milliseconds', s: 'seconds', min: 'minutes', hour: 'hours' } as const;

/**
 * `Xmin` and `Xhour` count back from the run's time; `Xday` begins with a day, the run's own being the
 * first, as satokiyo/pydataflow-template counts (configs/source/source_config_base.py).
 */
function intervalLow(
  { incremental, probe, time, timezone }: WindowFacts,
  { count, unit }: Exclude<PlannedIncremental['from'], string>,
): CursorValue {
  if (probe.type === 'integer') {
    throw new NoWindow(
      `\`incremental_interval_from: ${count}${unit}\` is a time, and \`${incremental.column}\` is an integer; ` +
        'use `max_value_in_destination`',
    );
  }
  const now = Temporal.Instant.fromEpochMilliseconds(time.getTime()).toZonedDateTimeISO(timezone);
  const at =
    unit === 'day'
      ? now.startOfDay().subtract({ days: count - 1 })
      : now.subtract({ [plural[unit]]: count });
  switch (probe.type) {
    case 'date':
      return at.toPlainDate().toString();
    case 'timestamp':
      return wallText(at.toPlainDateTime());
    case 'timestamptz':
      return instantText(at.toInstant());
  }
}

function earlier(
  facts: WindowFacts,
  from: CursorValue,
  lag: NonNullable<PlannedIncremental['lag']>,
): CursorValue {
  const { type } = facts.probe;
  if ('count' in lag !== (type === 'integer')) throw new NoWindow(mismatch(facts));
  if ('count' in lag) return String(BigInt(from) - BigInt(lag.count));
  const back = { milliseconds: lag.ms };
  switch (type) {
    case 'date':
      return Temporal.PlainDate.from(from)
        .subtract({ days: Math.ceil(lag.ms / 86_400_000) })
        .toString();
    case 'timestamp':
      return wallText(Temporal.PlainDateTime.from(from).subtract(back));
    case 'timestamptz':
      return instantText(Temporal.Instant.from(from).subtract(back));
    case 'integer':
      return from;
  }
}

function exactly(facts: WindowFacts, text: string, what: string) {
  const high = parsed(facts, text, what);
  return { high, next: high };
}

function parsed(
  { probe, incremental, timezone }: WindowFacts,
  text: string,
  what: string,
): CursorValue {
  const value = parseCursor(text, probe.type, timezone);
  if (value !== null) return value;
  throw new NoWindow(
    `${what} \`${text}\` is no ${probe.type}, which \`${incremental.column}\` is; ` +
      `write it like ${examples[probe.type]}`,
  );
}

const examples: Record<CursorType, string> = {
  date: '`2026-01-31`',
  timestamp: '`2026-01-31T09:30:00`',
  timestamptz: '`2026-01-31T09:30:00Z`',
  integer: '`42`',
};

function mismatch({ incremental, probe }: WindowFacts): string {
  const wanted = probe.type === 'integer' ? 'a number, such as `100`' : 'a time, such as `10min`';
  return `\`lag\` must be ${wanted}: \`${incremental.column}\` is ${probe.type}`;
}

function later(type: CursorType, a: CursorValue, b: CursorValue): CursorValue {
  return compareCursors(type, a, b) < 0 ? b : a;
}
