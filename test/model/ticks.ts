import type { CursorType } from '../../src/shared/run/window.js';
import type { Setting } from './series.js';

/** Less than every integer of a database. */
const leastInteger = '-9223372036854775808';

/** Time is counted in ticks: noon of a day, so that the day is not over, or the very hour of a timestamp. */
export function timeOf(type: CursorType, tick: number): Date {
  const start = Date.UTC(2026, 0, 1);
  return new Date(type === 'date' ? start + (tick + 0.5) * 86_400_000 : start + tick * 3_600_000);
}

/** `initial_value`, before every row: two pipelines that append to one table must say where they begin. */
export function initialTick({
  mode,
  pipelines,
}: Pick<Setting, 'mode' | 'pipelines'>): number | null {
  return mode === 'append' && pipelines === 2 ? 0 : null;
}

/** A tick as a cursor's text; an integer is its number. */
export function textAt(type: CursorType, tick: number): string {
  if (type === 'integer') return Number.isFinite(tick) ? String(tick) : leastInteger;
  const text = timeOf(type, tick).toISOString();
  if (type === 'date') return text.slice(0, 10);
  return `${text.slice(0, 19)}.000000${type === 'timestamptz' ? 'Z' : ''}`;
}
