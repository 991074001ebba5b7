import cronstrue from 'cronstrue';
import type { Cron } from './schedule.js';

/** A cron in words: `At 03:00, Monday through Friday`. */
export function cronWords({ text, calendars }: Cron): string {
  if (calendars.length < 2) return wordsOf(text);
  const [minute, hour, dayOfMonth, month, dayOfWeek] = text.trim().split(/\s+/);
  // Both days are restricted: either will do, which `and` would not say.
  return [
    wordsOf([minute, hour, dayOfMonth, month, '*'].join(' ')),
    wordsOf([minute, hour, '*', month, dayOfWeek].join(' ')),
  ].join(', or ');
}

function wordsOf(text: string): string {
  try {
    return cronstrue.toString(text, { use24HourTimeFormat: true });
  } catch {
    return text; // A cron that is not ours may say more than five fields can.
  }
}
