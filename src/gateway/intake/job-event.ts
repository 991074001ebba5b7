import { z } from 'zod';
import { jobStates, type JobEvent, type JobState } from '../../shared/run/job.js';
import { identityOf, isJobState, longestJobId, ownLabels } from '../../shared/run/job-identity.js';
import { MalformedEvent } from './malformed-event.js';

/** Why an event of a job concerns no run, or tells it nothing. */
export const ignoredReasons = [
  /** The job was launched by somebody else. */
  'not_ours',
  /** The job belongs to another installation of Beamline. */
  'other_deployment',
  /** The state decides nothing and proves no more than the launch's answer does. */
  'nothing_new',
  /** A state that this version does not know. */
  'unknown_state',
] as const;
export type IgnoredReason = (typeof ignoredReasons)[number];

export type DecodedEvent =
  | { kind: 'signal'; workflowId: string; event: JobEvent }
  | { kind: 'ignored'; reason: IgnoredReason };

/** States that tell a run nothing; QUEUED and RUNNING are a proof that the launch took effect. */
const silentStates: ReadonlySet<JobState> = new Set<JobState>([
  'JOB_STATE_UNKNOWN',
  'JOB_STATE_STOPPED',
  'JOB_STATE_PENDING',
  'JOB_STATE_RESOURCE_CLEANING_UP',
  'JOB_STATE_PAUSING',
  'JOB_STATE_PAUSED',
]);

const mostLabels = 64;
const longestLabel = 63;

/** Printable ASCII: what the service gives, and what a history and a terminal can show. */
const text = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[\x21-\x7e]*$/, 'it holds a blank, a control character or a letter beyond ASCII');

/**
 * The part of `google.events.cloud.dataflow.v1beta3.JobEventData` that is read. Field names are those
 * of proto3's JSON, where an enum is a name or a number and a printer may keep the original names.
 * Source: googleapis/google-cloudevents, proto/google/events/cloud/dataflow/v1beta3/data.proto
 */
const labelled = z.object({
  payload: z.object({ labels: z.record(z.string(), z.string()).optional() }),
});
const described = z.object({
  id: text(longestJobId),
  /** `[a-z]([-a-z0-9]{0,1022}[a-z0-9])?` */
  name: text(1024),
  projectId: text(100),
  location: text(100),
  currentState: z.union([z.string(), z.number()]).optional(),
});

/**
 * Decides from an event's data which run it concerns and what it claims. Asks nobody: the job's labels
 * carry the workflow id.
 *
 * @param data of a `google.cloud.dataflow.job.v1beta3.statusChanged` event
 * @param deployment the only one whose jobs are taken; null takes those of any
 * @throws {@link MalformedEvent}
 */
export function jobEventOf(data: unknown, deployment: string | null): DecodedEvent {
  const { payload } = read(labelled, camelCased(data));
  const labels = payload.labels ?? {};
  assertPossible(labels);
  const identity = identityOf(labels);
  if (identity === null) return ignored('not_ours');
  if (deployment !== null && identity.deployment !== deployment) return ignored('other_deployment');

  const job = read(described, (camelCased(data) as { payload: unknown }).payload);
  // Proto3's JSON leaves out a field that has its default value: the state with number 0.
  const state = stateOf(job.currentState ?? 0);
  if (state === null) return ignored('unknown_state');
  if (silentStates.has(state)) return ignored('nothing_new');
  const { workflowId, runKey, ordinal } = identity;
  const { id: jobId, name: jobName, projectId: project, location: region } = job;
  return {
    kind: 'signal',
    workflowId,
    event: { jobId, jobName, project, region, state, runKey, ordinal },
  };
}

/**
 * The service gives no job such labels. Those of a job that is none of ours are not looked at.
 * Source: https://cloud.google.com/resource-manager/docs/labels-overview
 */
function assertPossible(labels: Readonly<Record<string, string>>): void {
  const own = Object.entries(labels).filter(([name]) => name.startsWith(ownLabels));
  if (own.length > mostLabels) {
    throw new MalformedEvent(
      `the job in the event has ${own.length} labels; ${mostLabels} are the most`,
    );
  }
  for (const [name, value] of own) {
    if (name.length <= longestLabel && value.length <= longestLabel) continue;
    throw new MalformedEvent(
      `the job in the event has a label of ${Math.max(name.length, value.length)} characters; ` +
        `${longestLabel} are the most`,
    );
  }
}

function ignored(reason: IgnoredReason): DecodedEvent {
  return { kind: 'ignored', reason };
}

/** `jobStates` is in the order of the enum's numbers. */
function stateOf(state: string | number): JobState | null {
  if (typeof state === 'number') return jobStates[state] ?? null;
  return isJobState(state) ? state : null;
}

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  // Zod's messages name types and lengths, never the value.
  throw new MalformedEvent(`the job in the event: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** The job with its fields in camel case, which both spellings of proto3's JSON lead to. */
function camelCased(data: unknown): unknown {
  if (!isObject(data) || !isObject(data['payload'])) return data;
  const payload = data['payload'];
  const either = (camel: string, original: string) => payload[camel] ?? payload[original];
  return {
    payload: {
      ...payload,
      projectId: either('projectId', 'project_id'),
      currentState: either('currentState', 'current_state'),
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
