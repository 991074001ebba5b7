import { jobStates, type JobState } from './job.js';
import { base32, bytesOfBase32 } from '../run-key.js';

/**
 * Labels of a job: what finds its workflow again, without a lookup.
 *
 * A label's value has at most 63 characters of a-z, 0-9, `_` and `-`, a job has at most 64 labels
 * (https://cloud.google.com/resource-manager/docs/labels-overview). Workflow ids may hold anything,
 * so that they travel as base32 of 39 bytes in each of `beamline-wf-0`, `beamline-wf-1`, …
 */
const workflowLabel = 'beamline-wf-';
const bytesPerLabel = 39;
/** Bytes of a workflow id that labels can carry. */
export const longestWorkflowId = 400;
const mostParts = Math.ceil(longestWorkflowId / bytesPerLabel);
/** Characters of a job's id, by far. */
export const longestJobId = 200;
/** All labels of ours begin so. */
export const ownLabels = 'beamline-';

export const jobLabelNames = {
  runKey: 'beamline-run',
  ordinal: 'beamline-ordinal',
  deployment: 'beamline-deployment',
} as const;

/** What the labels of a job say of its run. */
export interface JobIdentity {
  workflowId: string;
  runKey: string;
  ordinal: number;
  deployment: string;
}

/** @throws RangeError if the workflow id is longer than {@link longestWorkflowId} bytes */
export function labelsOf(identity: JobIdentity): Record<string, string> {
  const bytes = new TextEncoder().encode(identity.workflowId);
  if (bytes.length > longestWorkflowId) {
    throw new RangeError(
      `the workflow id has ${bytes.length} bytes; a job's labels carry at most ${longestWorkflowId}`,
    );
  }
  const labels: Record<string, string> = {
    [jobLabelNames.runKey]: identity.runKey,
    [jobLabelNames.ordinal]: String(identity.ordinal),
    [jobLabelNames.deployment]: identity.deployment,
  };
  for (let part = 0; part * bytesPerLabel < bytes.length; part++) {
    const slice = bytes.subarray(part * bytesPerLabel, (part + 1) * bytesPerLabel);
    labels[`${workflowLabel}${part}`] = base32(slice, 63);
  }
  return labels;
}

/**
 * Reads a job's labels; null if the job is none of Beamline's. Anybody who may launch a job may label it so:
 * what has not the form that {@link labelsOf} gives is none of ours.
 */
export function identityOf(labels: Readonly<Record<string, string>>): JobIdentity | null {
  const runKey = labels[jobLabelNames.runKey];
  const deployment = labels[jobLabelNames.deployment];
  const ordinal = labels[jobLabelNames.ordinal];
  if (!isOf(/^[a-z2-7]{10}$/, runKey) || !isOf(/^[a-z0-9_-]{1,63}$/, deployment)) return null;
  if (!isOf(/^[1-9]\d{0,5}$/, ordinal)) return null;
  const bytes: number[] = [];
  for (let part = 0; ; part++) {
    const text = labels[`${workflowLabel}${part}`];
    if (text === undefined) break;
    if (part >= mostParts || text.length > 63) return null;
    const slice = bytesOfBase32(text);
    if (slice === null) return null;
    bytes.push(...slice);
  }
  if (bytes.length === 0 || bytes.length > longestWorkflowId) return null;
  const workflowId = textOf(Uint8Array.from(bytes));
  if (workflowId === null) return null;
  return { workflowId, runKey, ordinal: Number(ordinal), deployment };
}

function isOf(form: RegExp, text: string | undefined): text is string {
  return text !== undefined && form.test(text);
}

/** Null if it is no UTF-8. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/**
 * `<pipeline>-<time>-<run key>-<ordinal>`: unique to one launch of one run. A job's name matches
 * `[a-z]([-a-z0-9]{0,1022}[a-z0-9])?` (projects.jobs, field `name`).
 */
export function jobNameOf(
  pipeline: string,
  startedAt: Date,
  runKey: string,
  ordinal: number,
): string {
  const name = pipeline
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  const time = startedAt.toISOString().slice(0, 16).replaceAll(/[-:]/g, '').toLowerCase();
  return `${name}-${time}-${runKey}-${ordinal}`;
}

/** Whether the text is one of the states that the API names. */
export function isJobState(text: unknown): text is JobState {
  return jobStates.some((state) => state === text);
}

/** Whether a job of this view belongs to that launch of that run. */
export function isJobOf(
  labels: Readonly<Record<string, string>>,
  { runKey, deployment }: Pick<JobIdentity, 'runKey' | 'deployment'>,
): boolean {
  const identity = identityOf(labels);
  return identity?.runKey === runKey && identity.deployment === deployment;
}

/** The job's page in the console. */
export function consoleUrlOf(
  { console, project, region }: { console: string; project: string; region: string },
  jobId: string,
): string {
  return `${console}/dataflow/jobs/${region}/${jobId}?project=${project}`;
}
