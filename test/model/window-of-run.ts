import { windowOf } from '../../src/activities/windows/window-of.js';
import type { Position } from '../../src/destinations/destination.js';
import type { SourceWindow } from '../../src/shared/run/window.js';
import type { Source } from './expectation.js';
import type { Setting } from './series.js';
import { initialTick, textAt, timeOf } from './ticks.js';

/**
 * What a run reads, by the rules of the product, as its activities ask for it.
 * @param now the run's time, in ticks
 */
export function windowOfRun(
  setting: Setting,
  { rows }: Source,
  key: string,
  { empty, cursors, greatest }: Position,
  now: number,
): SourceWindow {
  const { type, mode } = setting;
  const { [key]: own, ...others } = cursors;
  const cursor = empty ? undefined : own;
  const initial = initialTick(setting);
  const numbers = rows.flatMap(({ at }) => at ?? []);
  return windowOf({
    incremental: {
      column: 'at',
      from: 'max_value_in_destination',
      destination_sink: 'sink',
      lag: lagOf(setting),
      initial_value: initial === null ? null : textAt(type, initial),
    },
    modes: [mode],
    time: timeOf(type, now),
    timezone: 'UTC',
    probe: {
      type,
      max: type === 'integer' && numbers.length > 0 ? String(Math.max(...numbers)) : null,
    },
    recorded: cursor === undefined ? [] : [cursor],
    max: greatest[key] ?? null,
    others,
  });
}

function lagOf({ type, lag }: Setting) {
  if (lag === 0) return null;
  if (type === 'integer') return { count: lag };
  return { ms: lag * (type === 'date' ? 86_400_000 : 3_600_000) };
}
