import type { RunSnapshot, StepProgress } from '../../client/index.js';
import { outcomes } from '../../shared/receipt.js';
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
  const waits = now.waiting_for.join(', ');
  // How it ended is said by the summary.
  const isOver = now.closed_at !== null || outcomes.some((outcome) => outcome === now.state);
  if (before?.state !== now.state && !isOver) events.push({ kind: 'state', text: stateText(now) });
  if (waits !== '' && waits !== before?.waiting_for.join(', ')) {
    events.push({ kind: 'trouble', text: `waits for ${waits}, which another run holds` });
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
      events.push({ kind: 'step', text: doneText(name, step.rows) });
    }
  }
  return events;
}

/** `orders  1,000 rows  done`. */
export function doneText(name: string, count: number): string {
  return `${name}  ${rows(count)}  done`;
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
  const first = message.split('\n')[0] ?? '';
  return `${activity.name} attempt ${activity.attempt - 1} failed: ${type}: ${first}; trying again`;
}

/** How long a run has been open. */
export function elapsed(startedAt: string, now: number): string {
  return duration(Math.max(0, now - Date.parse(startedAt)));
}
