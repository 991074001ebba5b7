import type { RunSnapshot, StepProgress } from '../../client/index.js';
import { duration, number, rate, rows } from '../format.js';

/** Something that happened between two looks at a run. */
export interface ProgressEvent {
  /** `trouble` is worth a line of its own even where bars are drawn. */
  kind: 'state' | 'step' | 'trouble';
  text: string;
}

/** What changed since the look before. */
export function eventsBetween(before: RunSnapshot | undefined, now: RunSnapshot): ProgressEvent[] {
  const events: ProgressEvent[] = [];
  const waiting = now.waiting_for.join(', ');
  if (before?.state !== now.state || before.waiting_for.join(', ') !== waiting) {
    events.push({ kind: 'state', text: stateText(now) });
  }
  const retry = retryText(now);
  if (retry !== null && retry !== (before && retryText(before))) {
    events.push({ kind: 'trouble', text: retry });
  }
  if (now.stuck !== null && now.stuck !== before?.stuck) {
    events.push({ kind: 'trouble', text: now.stuck });
  }
  for (const [name, step] of Object.entries(now.steps)) {
    if (step.done && before?.steps[name]?.done !== true) {
      events.push({ kind: 'step', text: `${name}  ${rows(step.rows)}  done` });
    }
  }
  return events;
}

/** `running`, `queued: waits for main.orders in warehouse.duckdb`. */
export function stateText({ state, waiting_for }: RunSnapshot): string {
  const words = state.replaceAll('_', ' ');
  return waiting_for.length === 0 ? words : `${words}: waits for ${waiting_for.join(', ')}`;
}

/** `120,000 of 336,776 rows  35%  118k/s`: the percentage only where the total is known. */
export function stepText(step: StepProgress, perSecond: number | null): string {
  const percent = percentOf(step);
  const isOpen = percent !== null && !step.done;
  return [
    isOpen ? `${number(step.rows)} of ${rows(step.total_rows ?? 0)}` : rows(step.rows),
    ...(isOpen ? [`${percent}%`] : []),
    ...(perSecond === null ? [] : [rate(perSecond)]),
  ].join('  ');
}

/** 0 to 100; null where the total is not known. Below 100 until the step says that it is done. */
export function percentOf({ rows: sofar, total_rows, done }: StepProgress): number | null {
  if (done) return 100;
  if (total_rows === undefined || total_rows === 0) return null;
  return Math.min(99, Math.floor((100 * sofar) / total_rows));
}

function retryText({ activity }: RunSnapshot): string | null {
  if (activity === null || activity.last_failure === null || activity.attempt < 2) return null;
  const { type, message } = activity.last_failure;
  const { name, attempt } = activity;
  return `${name} attempt ${attempt - 1} failed (${type}: ${message.split('\n')[0] ?? ''}); attempt ${attempt} ${activity.running ? 'runs' : 'follows'}`;
}

/** How long a run has been open. */
export function elapsed(startedAt: string, now: number): string {
  return duration(Math.max(0, now - Date.parse(startedAt)));
}
