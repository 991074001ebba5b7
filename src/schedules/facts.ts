import { createHash } from 'node:crypto';
import type { ScheduleDescription } from '@temporalio/client';
import { canonicalJson } from '../config/values/canonical-json.js';
import { isMapping } from '../config/values/values.js';
import { workflowType } from '../shared/names.js';
import { base32 } from '../shared/run-key.js';
import {
  factNames,
  type DesiredSchedule,
  type Fact,
  type Facts,
  type FieldChange,
} from './schedule.js';
import { cronsOf, meaningOf } from './spec.js';

/** The properties of a schedule as a config asks for it; `paused` is that of the server's, if left open. */
export function desiredFacts(desired: DesiredSchedule, pausedNow: boolean): Facts {
  return {
    cron: {
      text: desired.crons.map(({ text }) => text).join(', '),
      key: meaningOf(desired.crons),
    },
    timezone: fact(desired.timezone),
    jitter: durationFact(desired.jitterMs),
    overlap: fact(desired.overlap),
    catchup: durationFact(desired.catchupMs),
    pause_on_failure: fact(String(desired.pauseOnFailure)),
    paused: fact(String(desired.paused ?? pausedNow)),
    config: fact(desired.config),
    args: argsFact(desired.args),
    workflow: fact(workflowText(workflowType, workflowIdOf(desired), desired.taskQueue)),
    summary: fact(summaryOf(desired)),
    other: nothing,
  };
}

/** The properties of a schedule as the server has it. */
export function describedFacts(described: ScheduleDescription): Facts {
  const { spec, policies, action, state } = described;
  const crons = cronsOf(spec);
  const input: unknown = action.args?.[0];
  const { config, args, ...rest } = isMapping(input) ? input : {};
  const other = {
    ...(crons === null && { calendars: spec.calendars }),
    ...(some(spec.intervals) && { intervals: spec.intervals }),
    ...(some(spec.skip) && { skip: spec.skip }),
    ...(spec.startAt && { start_at: spec.startAt }),
    ...(spec.endAt && { end_at: spec.endAt }),
    ...(state.remainingActions !== undefined && { remaining_actions: state.remainingActions }),
    ...(action.workflowExecutionTimeout && { timeout: action.workflowExecutionTimeout }),
    ...(action.workflowRunTimeout && { run_timeout: action.workflowRunTimeout }),
    ...(action.workflowTaskTimeout && { task_timeout: action.workflowTaskTimeout }),
    ...(action.retry && { retry: action.retry }),
    ...((action.args?.length ?? 0) > 1 && { arguments: action.args?.slice(1) }),
    ...(Object.keys(rest).length > 0 && { input: rest }),
  };
  return {
    cron: {
      text: crons === null ? '(none that five fields can say)' : textsOf(crons),
      key: crons === null ? '' : meaningOf(crons),
    },
    timezone: fact(spec.timezone || 'UTC'),
    jitter: durationFact(spec.jitter ?? 0),
    overlap: fact((policies.overlap ?? 'SKIP').toLowerCase()),
    catchup: durationFact(policies.catchupWindow),
    pause_on_failure: fact(String(policies.pauseOnFailure)),
    paused: fact(String(state.paused)),
    config: fact(typeof config === 'string' ? config : ''),
    args: argsFact(isMapping(args) ? args : {}),
    workflow: fact(workflowText(action.workflowType, action.workflowId ?? '', action.taskQueue)),
    summary: fact(action.staticSummary ?? ''),
    other: Object.keys(other).length === 0 ? nothing : fact(canonicalJson(plain(other))),
  };
}

/** What differs, in the order in which it is shown. */
export function differences(old: Facts, wanted: Facts): FieldChange[] {
  return factNames
    .filter((field) => old[field].key !== wanted[field].key)
    .map((field) => ({ field, old: old[field].text, new: wanted[field].text }));
}

/** Ten characters that stand for all properties but `paused`, which people change by hand. */
export function specHash(facts: Facts): string {
  const keys = factNames.filter((name) => name !== 'paused').map((name) => facts[name].key);
  return base32(createHash('sha256').update(JSON.stringify(keys)).digest(), 10);
}

/** What the workflows of a schedule are named; the server appends the scheduled time. */
export function workflowIdOf({
  pipeline,
  name,
}: Pick<DesiredSchedule, 'pipeline' | 'name'>): string {
  return `${pipeline}-${name}`;
}

/** One line for Temporal's Web UI, on each run. */
export function summaryOf({ pipeline, config, name, args }: DesiredSchedule): string {
  const values = Object.entries(args).map(([key, value]) => `${key}=${String(value)}`);
  return [`${pipeline}: ${config}`, `schedule ${name}`, ...values].join(' · ');
}

const nothing: Fact = { text: 'nothing', key: '' };

function fact(text: string): Fact {
  return { text: text === '' ? 'none' : text, key: text };
}

function textsOf(crons: readonly { text: string }[]): string {
  return crons.length === 0 ? 'none' : crons.map(({ text }) => text).join(', ');
}

function durationFact(ms: number): Fact {
  return { text: durationText(ms), key: String(ms) };
}

function argsFact(args: object): Fact {
  const values = Object.entries(args).map(([name, value]) => `${name}=${String(value)}`);
  return { text: values.length === 0 ? 'none' : values.join(', '), key: canonicalJson(args) };
}

function workflowText(type: string, id: string, taskQueue: string): string {
  return `${type} ${id} on ${taskQueue}`;
}

/** `90s`, `5m`, `1d`: as a config writes it. */
function durationText(ms: number): string {
  const units = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 } as const;
  const unit = Object.entries(units).find(([, size]) => ms >= size && ms % size === 0);
  if (unit !== undefined) return `${ms / unit[1]}${unit[0]}`;
  return ms === 0 ? '0s' : `${ms}ms`;
}

function some(list: readonly unknown[] | undefined): boolean {
  return list !== undefined && list.length > 0;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
