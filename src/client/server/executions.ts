import {
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { own } from '../../config/values/values.js';
import { payloadConverter } from '../../shared/data-converter.js';
import { codeOf, grpcCodes } from './grpc-codes.js';

/** How Temporal says that an execution stands. */
export type ExecutionStatus =
  | 'RUNNING'
  | 'COMPLETED'
  | 'FAILED'
  | 'CANCELLED'
  | 'TERMINATED'
  | 'CONTINUED_AS_NEW'
  | 'TIMED_OUT'
  | 'PAUSED'
  | 'UNKNOWN';

/** What is read of an execution in a list, or of its description. */
export interface Execution {
  workflowId: string;
  runId: string;
  /** The run id with which it began: it stays the same through reset and retry. */
  firstRunId: string;
  type: string;
  status: ExecutionStatus;
  isOpen: boolean;
  startTime: Date;
  closeTime: Date | null;
  /** A search attribute that is a text; undefined for any other. */
  textOf(attribute: string): string | undefined;
}

/** An execution, and what is under way in it. */
export interface DescribedExecution extends Execution {
  /** How often its last workflow task has failed. */
  failedTasks: number;
  pendingActivity: RawActivity | null;
}

/** By the numbers of temporal.api.enums.v1.WorkflowExecutionStatus. */
const statuses: readonly ExecutionStatus[] = [
  'UNKNOWN',
  'RUNNING',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TERMINATED',
  'CONTINUED_AS_NEW',
  'TIMED_OUT',
  'PAUSED',
];
const longestPage = 200;

type RawDescription = WorkflowExecutionDescription['raw'];
/** An activity that Temporal has yet to hear of, in its own words. */
export type RawActivity = NonNullable<RawDescription['pendingActivities']>[number];
type ListRequest = Parameters<Client['workflowService']['listWorkflowExecutions']>[0];
type RawExecution = NonNullable<
  Awaited<ReturnType<Client['workflowService']['listWorkflowExecutions']>>['executions']
>[number];

/**
 * The executions that a query of Temporal's list finds, the newest first.
 *
 * Anybody may have started them, with any memo and of any size. The SDK's own list decodes the memo of each,
 * and one that cannot be decoded ends the whole list; here it is not looked at. A page that is larger than a
 * message may be is asked for again in smaller pages.
 */
export async function* listExecutions(
  client: Client,
  query: string,
  pageSize = longestPage,
): AsyncGenerator<Execution, void, void> {
  let size = Math.min(pageSize, longestPage);
  let token: Uint8Array | undefined;
  do {
    const request: ListRequest = {
      namespace: client.options.namespace,
      query,
      pageSize: size,
      ...(token === undefined ? {} : { nextPageToken: token }),
    };
    let page;
    try {
      page = await client.workflowService.listWorkflowExecutions(request);
    } catch (error) {
      if (codeOf(error) !== grpcCodes.resourceExhausted || size === 1) throw error;
      size = Math.ceil(size / 4);
      continue;
    }
    for (const raw of page.executions ?? []) yield executionOf(raw);
    token = page.nextPageToken?.length ? page.nextPageToken : undefined;
  } while (token !== undefined);
}

/**
 * The execution of a workflow that is, or was last, open; with `runId` that one.
 * @throws what {@link isNoSuchExecution} tells of a name that none has
 */
export async function describeExecution(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<DescribedExecution> {
  return describedOf((await client.workflow.getHandle(workflowId, runId).describe()).raw);
}

/** What the server says of an execution. */
export function describedOf(raw: RawDescription): DescribedExecution {
  return {
    ...executionOf(raw.workflowExecutionInfo ?? {}),
    failedTasks: Math.max(0, (raw.pendingWorkflowTask?.attempt ?? 1) - 1),
    pendingActivity: raw.pendingActivities?.[0] ?? null,
  };
}

/** Whether an error says that there is no such workflow, or that none can have that name. */
export function isNoSuchExecution(error: unknown): boolean {
  if (error instanceof WorkflowNotFoundError) return true;
  const code = codeOf(error);
  return code === grpcCodes.notFound || code === grpcCodes.invalidArgument;
}

function executionOf(raw: RawExecution): Execution {
  const status = statuses[Number(raw.status)] ?? 'UNKNOWN';
  const runId = raw.execution?.runId ?? '';
  const fields = raw.searchAttributes?.indexedFields ?? {};
  return {
    workflowId: raw.execution?.workflowId ?? '',
    runId,
    firstRunId: raw.firstRunId || runId,
    type: raw.type?.name ?? '',
    status,
    isOpen: status === 'RUNNING' || status === 'PAUSED',
    startTime: dateOf(raw.startTime) ?? new Date(0),
    closeTime: dateOf(raw.closeTime),
    textOf: (attribute) => {
      const payload = own(fields, attribute);
      const value = payload && payloadConverter.fromPayload<unknown>(payload);
      return typeof value === 'string' ? value : undefined;
    },
  };
}

function dateOf(time: RawExecution['startTime']): Date | null {
  if (!time) return null;
  return new Date(Number(time.seconds ?? 0) * 1000 + (time.nanos ?? 0) / 1_000_000);
}
