import { Temporal } from 'temporal-polyfill';
import type { CursorType, CursorValue } from '../shared/run/window.js';

/**
 * Reads a value as a person writes it: a time may end after any part (`2026-01-31`, `2026-01-31T09:30`),
 * and one without a zone is in `timezone`. Null if it is no value of that type.
 */
export function parseCursor(text: string, type: CursorType, timezone: string): CursorValue | null {
  const given = text.trim();
  if (type === 'integer') return /^-?\d{1,19}$/.test(given) ? String(BigInt(given)) : null;
  try {
    if (type === 'date') {
      return /^\d{4}-\d{2}-\d{2}$/.test(given) ? Temporal.PlainDate.from(given).toString() : null;
    }
    const hasZone = /[Tt ].*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$/.test(given);
    const instant = hasZone ? Temporal.Instant.from(given.replace(' ', 'T')) : null;
    if (type === 'timestamptz') {
      return instantText(
        instant ?? Temporal.PlainDateTime.from(given).toZonedDateTime(timezone).toInstant(),
      );
    }
    return wallText(
      instant?.toZonedDateTimeISO(timezone).toPlainDateTime() ?? Temporal.PlainDateTime.from(given),
    );
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The same moment as another type; null where a part of it would have to be guessed. */
export function convertCursor(
  { type, value }: { type: CursorType; value: CursorValue },
  wanted: CursorType,
  timezone: string,
): CursorValue | null {
  if (type === wanted) return value;
  if (type === 'timestamp' && wanted === 'timestamptz') {
    return instantText(Temporal.PlainDateTime.from(value).toZonedDateTime(timezone).toInstant());
  }
  if (type === 'timestamptz' && wanted === 'timestamp') {
    return wallText(Temporal.Instant.from(value).toZonedDateTimeISO(timezone).toPlainDateTime());
  }
  return null;
}

/** The least value of the type that is greater. */
export function cursorAfter(type: CursorType, value: CursorValue): CursorValue {
  switch (type) {
    case 'integer':
      return String(BigInt(value) + 1n);
    case 'date':
      return Temporal.PlainDate.from(value).add({ days: 1 }).toString();
    case 'timestamp':
      return wallText(Temporal.PlainDateTime.from(value).add({ microseconds: 1 }));
    case 'timestamptz':
      return instantText(Temporal.Instant.from(value).add({ microseconds: 1 }));
  }
}

export function wallText(wall: Temporal.PlainDateTime): CursorValue {
  return wall.toString({ fractionalSecondDigits: 6 });
}

export function instantText(instant: Temporal.Instant): CursorValue {
  return instant.toString({ fractionalSecondDigits: 6 });
}
