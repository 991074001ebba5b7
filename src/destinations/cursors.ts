import { cursorAfter } from './cursor-text.js';
import { failure } from '../shared/failures.js';
import {
  compareCursors,
  leastInteger,
  type CursorValue,
  type RecordedCursor,
  type SourceWindow,
  rangeText,
} from '../shared/run/window.js';
import type {
  AskedSource,
  GreatestValue,
  Position,
  PublishRequest,
  SinkWindow,
} from './destination.js';

/** A cursor in a destination's log, and the run whose commit recorded it. */
export interface LoggedCursor extends RecordedCursor {
  runKey: string;
}
/** By the key of the source, see `cursorKey`. */
export type LoggedCursors = Partial<Record<string, LoggedCursor>>;

/** What a commit records of the sources that it brings, by their key. */
export type RecordedCursors = Record<string, RecordedCursor>;

/**
 * What a commit records: where the next window of each source begins. A window of the past, as one
 * that is published again, does not move a record back; a `replace` begins anew.
 */
export function cursorsToRecord(
  { mode, windows }: Pick<PublishRequest, 'mode' | 'windows'>,
  logged: LoggedCursors,
): RecordedCursors {
  return Object.fromEntries(
    windows.map((window): [string, RecordedCursor] => {
      const { key, column, type, next } = window;
      const known = mode === 'replace' ? undefined : laterRecord(logged[key], window);
      return [key, { column, type, next: known?.next ?? next }];
    }),
  );
}

/** The record of a window's source, if it stands behind the end of that window. */
export function laterRecord<T extends RecordedCursor>(
  logged: T | undefined,
  window: Pick<SourceWindow, 'column' | 'type' | 'next'>,
): T | undefined {
  const before = comparable(logged, window);
  return before && compareCursors(before.type, before.next, window.next) > 0 ? before : undefined;
}

/** A window of an append that begins before where one of another run ended; of a `replace`, that ends before. */
interface CommittedWindow {
  window: SinkWindow;
  before: LoggedCursor;
}

/**
 * The first window whose rows, or some of them, another run appended before, or after which a `replace` would
 * leave the destination behind a window that it has; null if there is none. A merge changes only the rows
 * that it brings: it may be of a window of the past.
 */
function committedWindow(
  { mode, windows, again, runKey }: Pick<PublishRequest, 'mode' | 'windows' | 'again' | 'runKey'>,
  logged: LoggedCursors,
): CommittedWindow | null {
  if (mode === 'merge' || again) return null;
  for (const window of windows) {
    const before = logged[window.key];
    if (before?.runKey === runKey || !isCommitted(mode, window, before)) continue;
    return { window, before };
  }
  return null;
}

/**
 * Whether a destination may have rows of a window, or, before a `replace`, those of a later one. A window that
 * ends where it begins has none.
 */
export function isCommitted<T extends RecordedCursor>(
  mode: 'append' | 'replace',
  window: SourceWindow,
  recorded: T | undefined,
): recorded is T {
  const before = comparable(recorded, window);
  if (before === undefined) return false;
  const { high, type } = window;
  if (mode === 'replace') return compareCursors(type, before.next, high) > 0;
  const begin = beginOf(window);
  if (begin === null) return true;
  return compareCursors(type, begin, high) < 0 && compareCursors(type, begin, before.next) < 0;
}

/** The least value that a window can hold; null if every value has a lesser one. */
function beginOf({ type, low, low_inclusive: isInclusive }: SourceWindow): CursorValue | null {
  if (low === null) return type === 'integer' ? leastInteger : null;
  return isInclusive ? low : cursorAfter(type, low);
}

/**
 * Refuses to append rows that another run appended before, unless somebody took them away; and to replace
 * those of a later window by an earlier one's.
 *
 * @param place what is written to, as a person would name it
 * @param isEmpty whether the destination has no rows; asked only where it matters
 * @throws `WindowCommitted`
 */
export async function assertWindowsAreNew(
  request: PublishRequest,
  logged: LoggedCursors,
  place: string,
  isEmpty: () => boolean | Promise<boolean>,
): Promise<void> {
  const found = committedWindow(request, logged);
  if (found === null) return;
  const { window, before } = found;
  if (request.mode === 'replace') {
    throw failure(
      'WindowCommitted',
      `${place} has the rows of ${window.key} before ${window.column} ${before.next} (run ${before.runKey}); ` +
        `this run would replace them by those before ${window.high}. Nothing was written. Publish them all the ` +
        'same with `--again`.',
      { step: request.sink },
    );
  }
  if (await isEmpty()) return;
  throw failure(
    'WindowCommitted',
    `${place} has the rows of ${window.key} before ${window.column} ${before.next} already (run ${before.runKey}); ` +
      `this run brings ${rangeText(window)}: some would be there twice. ` +
      'Nothing was written. Publish them all the same with `--again`, or read from where the last run ended.',
    { step: request.sink },
  );
}

/** Cursors as a `Position` has them. */
export function withoutRuns(logged: LoggedCursors): RecordedCursors {
  return Object.fromEntries(
    Object.entries(logged).flatMap(([key, cursor]) => {
      if (cursor === undefined) return [];
      const { column, type, next } = cursor;
      return [[key, { column, type, next }]];
    }),
  );
}

/**
 * Looks for the greatest value of each source that has no record, and of no other: a record is better, and
 * a table that the transforms leave without the column has nothing else.
 */
export async function greatestValues(
  sources: readonly AskedSource[],
  cursors: RecordedCursors,
  greatestOf: (column: string) => Promise<GreatestValue | null>,
): Promise<Position['greatest']> {
  const found: Position['greatest'] = {};
  for (const { key, column } of sources) {
    if (key in cursors) continue;
    const greatest = await greatestOf(column);
    if (greatest !== null) found[key] = greatest;
  }
  return found;
}

/** Undefined for a record of another column: it says nothing about this one. */
function comparable<T extends RecordedCursor>(
  logged: T | undefined,
  { column, type }: Pick<SourceWindow, 'column' | 'type'>,
): T | undefined {
  return logged?.column === column && logged.type === type ? logged : undefined;
}
