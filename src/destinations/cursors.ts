import { failure } from '../shared/failures.js';
import { compareCursors, type RecordedCursor, type SourceWindow } from '../shared/window.js';
import type { PublishRequest } from './destination.js';

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
    windows.map(({ key, column, type, next }): [string, RecordedCursor] => {
      const before = mode === 'replace' ? undefined : comparable(logged[key], { column, type });
      const later = before !== undefined && compareCursors(type, before.next, next) > 0;
      return [key, { column, type, next: later ? before.next : next }];
    }),
  );
}

/**
 * Refuses to append rows that another run appended before.
 *
 * @param place what is written to, as a person would name it
 * @throws `WindowCommitted`
 */
export function assertWindowsAreNew(
  { mode, windows, again, runKey, sink }: PublishRequest,
  logged: LoggedCursors,
  place: string,
): void {
  if (mode !== 'append' || again) return;
  for (const window of windows) {
    const before = comparable(logged[window.key], window);
    if (before === undefined || before.runKey === runKey) continue;
    const { low, type, column, high } = window;
    if (low !== null && compareCursors(type, before.next, low) <= 0) continue;
    throw failure(
      'WindowCommitted',
      `${place} has the rows of ${window.key} before ${column} ${before.next} already (run ${before.runKey}); ` +
        `this run brings those from ${low ?? 'the beginning'} to ${high}: some would be there twice. ` +
        'Nothing was written. Publish them all the same with `--again`, or read from where the last run ended.',
      { step: sink },
    );
  }
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

/** Undefined for a record of another column: it says nothing about this one. */
function comparable<T extends RecordedCursor>(
  logged: T | undefined,
  { column, type }: Pick<SourceWindow, 'column' | 'type'>,
): T | undefined {
  return logged?.column === column && logged.type === type ? logged : undefined;
}
