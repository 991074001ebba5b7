import { nearMiss } from './near-miss.js';
import { shortened } from './values.js';

/** Whether the text is the name of an IANA time zone, written as the database writes it. */
export function isTimezone(text: string): boolean {
  // Offsets such as `+09:00` are no names, and a server's database knows only the exact spelling.
  return /^[A-Z]/.test(text) && resolved(text) !== undefined && isSpelling(text);
}

/** What is wrong with a time zone's name, and what was probably meant. */
export function unknownTimezone(text: string): string {
  const spelt = resolved(text) ?? nearMiss(text, Intl.supportedValuesOf('timeZone'));
  const advice =
    spelt === undefined || !isTimezone(spelt)
      ? 'use a name such as `UTC` or `Europe/Berlin`'
      : `did you mean \`${spelt}\`?`;
  return `unknown time zone \`${shortened(text)}\`; ${advice}`;
}

/** The name that the database gives the zone; undefined if it knows none. */
function resolved(text: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** Intl ignores case; where it answers with an alias, each word must at least look like one of a name. */
function isSpelling(text: string): boolean {
  const name = resolved(text) ?? '';
  if (name.toLowerCase() === text.toLowerCase()) return name === text;
  return /^[A-Z][A-Za-z0-9+-]*(\/[A-Z][A-Za-z0-9+-]*|[_-][A-Za-z0-9+-]+)*$/.test(text);
}
