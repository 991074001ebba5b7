import { setTimeout as sleep } from 'node:timers/promises';
import { jobFailureOf, type StagedFailure } from '../../../dataflow/job-failure.js';
import { logCommandOf } from '../../../dataflow/log-command.js';
import { costOf } from '../../../dataflow/prices.js';
import { DataflowUnavailable, type Dataflow } from '../../../gateways/dataflow.js';
import { faultPoint } from '../../../process/fault-point.js';
import { isText } from '../../../shared/form.js';
import { identityOf } from '../../../shared/run/job-identity.js';
import type { DataflowTarget, JobFailure, JobReference, Prices } from '../../../shared/run/job.js';
import { objectPaths, type ObjectStore } from '../../../store/object-store.js';
import type { JobActivities } from '../workflow/job-activities.js';
import { launcherLogOf } from './launcher-log.js';

export interface ReportJobDeps {
  dataflow: () => Promise<Dataflow>;
  objects: () => Promise<ObjectStore>;
  /** Prices of the settings. */
  prices: () => Partial<Prices>;
  /** Waits, in milliseconds, between tries of a service that does not answer. */
  waits?: readonly number[];
}

/** Characters of a step's name, by far. */
const longestStep = 200;

/** A minute in all: a report is worth waiting for, but not much. */
const defaultWaits = [1_000, 2_000, 4_000, 8_000, 16_000, 29_000];

/**
 * Collects what a job that has ended consumed, cost, and why it failed. It only reads, and never
 * fails a run: what cannot be had is null.
 */
export function createReportJob(deps: ReportJobDeps): JobActivities['reportJob'] {
  const waits = deps.waits ?? defaultWaits;
  return async (job, target, failed) => {
    await faultPoint('worker:before-report');
    const dataflow = await orNull(deps.dataflow);
    const [metrics, failure] = await Promise.all([
      dataflow && persistently(() => dataflow.metrics(job), waits),
      failed ? failureOf(job, target, dataflow, deps, waits) : null,
    ]);
    await faultPoint('worker:job-reported');
    const prices = await orNull(async () => deps.prices());
    return { metrics, cost: costOf(metrics, job.region, prices ?? {}), failure };
  };
}

async function failureOf(
  job: JobReference,
  target: DataflowTarget,
  dataflow: Dataflow | null,
  { objects }: ReportJobDeps,
  waits: readonly number[],
): Promise<JobFailure> {
  const [told, staged] = await Promise.all([
    dataflow && persistently(() => dataflow.messages(job, { minimum: 'basic' }), waits),
    dataflow && stagedFailure(job, target, dataflow, objects, waits),
  ]);
  const all = told ?? [];
  const messages = all.filter(({ importance }) => importance !== 'basic');
  const logCommand = logCommandOf(job);
  const failure = jobFailureOf(messages, { logCommand, ...(staged === null ? {} : { staged }) });
  // What kept a launcher from starting stands in its console log only.
  const isUntold = failure.cause === 'launcher' || failure.cause === 'unknown';
  const log = isUntold ? await launcherLogOf(all, objects) : undefined;
  return log === undefined ? failure : jobFailureOf(messages, { logCommand, log });
}

/** What a launcher or worker of ours left beside what it staged. */
async function stagedFailure(
  job: JobReference,
  target: DataflowTarget,
  dataflow: Dataflow,
  objects: ReportJobDeps['objects'],
  waits: readonly number[],
): Promise<StagedFailure | null> {
  const view = await persistently(() => dataflow.get(job), waits);
  const identity = view && identityOf(view.labels);
  if (identity === null) return null;
  const folder = objectPaths.attempt(target.store, identity.runKey, identity.ordinal);
  const content = await orNull(async () => (await objects()).read(`${folder}/failure.json`));
  if (content === null) return null;
  const document = (await orNull(async () => JSON.parse(content.toString('utf8')) as unknown)) as {
    failure?: unknown;
  } | null;
  const failure = document?.failure ?? document;
  return isStagedFailure(failure) ? failure : null;
}

function isStagedFailure(value: unknown): value is StagedFailure {
  if (typeof value !== 'object' || value === null) return false;
  const { type, message, step, cause } = value as Partial<Record<keyof StagedFailure, unknown>>;
  return (
    typeof type === 'string' &&
    typeof message === 'string' &&
    (step === undefined || isText(step, longestStep)) &&
    isTextOrNone(cause)
  );
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

/** Tries again where trying can help; null if that is over, or the service refuses. */
async function persistently<T>(
  call: () => Promise<T>,
  waits: readonly number[],
): Promise<T | null> {
  for (let tried = 0; ; tried++) {
    try {
      return await call();
    } catch (error) {
      const wait = waits[tried];
      const canHelp = error instanceof DataflowUnavailable;
      if (!canHelp || wait === undefined) return null;
      await sleep(wait);
    }
  }
}

async function orNull<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch {
    return null;
  }
}
