import type { PendingActivity, RunSnapshot, StepProgress } from '../../client/index.js';
import { outcomes } from '../../shared/run/receipt.js';
import { duration, rate, rows } from '../terminal/format.js';
import { shellCommand } from '../terminal/shell-command.js';
import { number } from '../../shared/counts.js';

/** Something that happened between two looks at a run. */
export interface ProgressEvent {
  /** `trouble` is worth a line of its own even where bars are drawn. */
  kind: 'state' | 'step' | 'trouble';
  text: string;
}

/** What changed since the look before. */
export function eventsBetween(before: RunSnapshot | undefined, now: RunSnapshot): ProgressEvent[] {
  const events: ProgressEvent[] = [];
  const waits = waitsText(now);
  // How it ended is said by the summary.
  const isOver = now.closed_at !== null || outcomes.some((outcome) => outcome === now.state);
  if (before?.state !== now.state && !isOver) events.push({ kind: 'state', text: stateText(now) });
  if (waits !== '' && waits !== (before && waitsText(before))) {
    events.push({ kind: 'trouble', text: `waits for ${waits}` });
  }
  const trouble = troubleText(now);
  if (trouble !== null && trouble !== (before && troubleText(before)) && now.activity !== null) {
    const isSame = before !== undefined && failureOf(before) === failureOf(now);
    const said = isSame ? `attempt ${now.activity.attempt - 1} failed in the same way` : trouble;
    events.push({ kind: 'trouble', text: `${said}; ${againText(now.activity)}` });
    if (!isSame && now.activity.last_failure?.type === 'ConnectionLost') {
      events.push({
        kind: 'trouble',
        text: `\`${shellCommand('connections test')}\` tries the connections`,
      });
    }
  }
  if (now.stuck !== null && now.stuck !== before?.stuck) {
    events.push({ kind: 'trouble', text: now.stuck });
  }
  if (now.stuck === null && before?.stuck && !isOver) {
    events.push({ kind: 'trouble', text: 'goes on' });
  }
  for (const [name, step] of Object.entries(now.steps)) {
    if (step.done && before?.steps[name]?.done !== true) {
      events.push({ kind: 'step', text: doneText(name, step.rows) });
    }
  }
  return events;
}

/** `main.orders in data/warehouse.duckdb, which run q4kx7mw2ta has`; empty if it waits for none. */
export function waitsText({
  waiting_for: waits,
  held_by: held,
  sinks,
}: Pick<RunSnapshot, 'waiting_for' | 'held_by' | 'sinks'>): string {
  return waits
    .map((key) => {
      const place = sinks.find(({ destination }) => destination === key)?.location ?? key;
      const holder = held.find(({ destination }) => destination === key);
      return holder === undefined ? place : `${place}, which run ${holder.run_key} has`;
    })
    .join('; ');
}

/** `orders  1,000 rows  done`. */
export function doneText(name: string, count: number): string {
  return `${name}  ${rows(count)}  done`;
}

/** The state, and what keeps the run in it. */
export function standingText(snapshot: RunSnapshot): string {
  const state = stateText(snapshot);
  if (snapshot.stuck !== null) return `${state}, ${snapshot.stuck}`;
  const waits = waitsText(snapshot);
  return waits === '' ? state : `${state}, waits for ${waits}`;
}

/** `running`, `deadline exceeded`. */
export function stateText({ state }: RunSnapshot): string {
  return state.replaceAll('_', ' ');
}

/** `120,000 of 336,776 rows  35%  118k/s`: the percentage only where the total is known. */
export function stepText(step: StepProgress, perSecond: number | null): string {
  const percent = percentOf(step);
  const isOpen = percent !== null && !step.done;
  return [
    isOpen ? `${number(step.rows)} of ${rows(step.total_rows ?? 0)}` : rows(step.rows),
    ...(isOpen ? [`${percent}%`] : []),
    ...(perSecond === null || step.done ? [] : [rate(perSecond)]),
  ].join('  ');
}

/** 0 to 100; null where the total is not known. Below 100 until the step says that it is done. */
export function percentOf({ rows: sofar, total_rows, done }: StepProgress): number | null {
  if (done) return 100;
  if (total_rows === undefined || total_rows === 0) return null;
  return Math.min(99, Math.floor((100 * sofar) / total_rows));
}

function troubleText({ activity }: RunSnapshot): string | null {
  if (activity === null || activity.last_failure === null || activity.attempt < 2) return null;
  const { type, message } = activity.last_failure;
  const first = message.split('\n')[0] ?? '';
  return `${activity.name} attempt ${activity.attempt - 1} failed: ${type}: ${first}`;
}

/** Why the attempt before failed, to tell whether it did so in the same way. */
function failureOf({ activity }: RunSnapshot): string {
  const { type, message } = activity?.last_failure ?? {};
  return `${activity?.name} ${type} ${message}`;
}

/** `attempt 3 of 12 in 20 s`. */
function againText(activity: PendingActivity): string {
  const next = nextText(activity)?.replace(/^next/, '') ?? '';
  return `${attemptText(activity)}${next}`;
}

/** `attempt 3 of 12`. */
export function attemptText({ attempt, most_attempts }: PendingActivity): string {
  return `attempt ${attempt}${most_attempts === null ? '' : ` of ${most_attempts}`}`;
}

/** `next in 20 s`; null where the attempt has begun, or only waits for a worker. */
export function nextText({ next_at }: PendingActivity, now = Date.now()): string | null {
  const left = Date.parse(next_at ?? '') - now;
  return left > 0 ? `next in ${Math.ceil(left / 1000)} s` : null;
}

/** How long a run has been open. */
export function elapsed(startedAt: string, now: number): string {
  return duration(Math.max(0, now - Date.parse(startedAt)));
}
