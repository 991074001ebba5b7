import { Context } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import { whileHeartbeating } from '../../src/activities/attempt/heartbeating.js';
import { failure, type FailureType } from '../../src/shared/failures.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { runKeyOf } from '../../src/store/run-key.js';
import type {
  PipelineActivities,
  PreparedRun,
  PreparedSink,
} from '../../src/workflows/contract/activities.js';
import type { LocalActivities } from '../../src/runners/local/workflow.js';
import type { JobActivities } from '../../src/runners/dataflow/workflow/job-activities.js';

/** The core's, and those of the runners. */
export type AllActivities = PipelineActivities & LocalActivities & Partial<JobActivities>;

/** Activities without effects, which record their calls and do as told. */
export interface FakeActivities {
  activities: AllActivities;
  calls: string[];
  receipts: Receipt[];
}

export interface FakeOptions {
  client: WorkflowClient;
  taskQueue: string;
  prepared?: Partial<PreparedRun>;
  /** Rows that each sink stages; default 7. */
  rows?: number;
  overrides?: Partial<PipelineActivities & JobActivities & LocalActivities>;
  /** Gets the name of each activity that is called; default: a list of its own. */
  calls?: string[];
  /** Take the sinks' lock ids as they are: the test knows them. Default: {@link ownLock}. */
  knownLocks?: boolean;
  /** Whether activities heartbeat while they run, as the real ones do. */
  beats?: boolean;
}

export const preparedSink = {
  name: 'warehouse',
  module: 'duckdb',
  mode: 'replace',
  onEmpty: 'truncate',
  destination: 'duckdb:s:/w.duckdb#main.t',
  lockId: 'beamline.lock.t',
  location: 'main.t in w.duckdb',
} as const;

/**
 * The id of a lock that only runs of this queue ask for. A lock runs on the queue of who asks for it first: one
 * that is open when its test's worker ends would keep the tests that follow waiting for ever.
 */
export function ownLock({ lockId }: Pick<PreparedSink, 'lockId'>, taskQueue: string): string {
  return `${lockId}-${taskQueue}`;
}

export function createFakeActivities(options: FakeOptions): FakeActivities {
  const { client, taskQueue, rows = 7 } = options;
  const { calls = [] } = options;
  const receipts: Receipt[] = [];
  const given = options.prepared?.sinks ?? [preparedSink];
  const sinks = options.knownLocks
    ? given
    : given.map((sink) => ({ ...sink, lockId: ownLock(sink, taskQueue) }));
  const activities: AllActivities = {
    prepare: async (_input, firstExecutionRunId, revision) => ({
      pipeline: 'orders',
      runKey: runKeyOf(firstExecutionRunId),
      planSha256: 'a'.repeat(64),
      args: {},
      store: { id: 's', host: 'h', root: '/store', taskQueue, waitMs: 60_000 },
      profiles: null,
      profileKeys: [],
      timeoutMs: null,
      destinationWaitMs: 1000,
      runner: options.prepared?.dataflow ? 'dataflow' : 'local',
      dataflow: null,
      notes: [],
      ...(revision === undefined ? {} : { revision }),
      ...options.prepared,
      sinks: [...sinks],
    }),
    requestLock: async (lockId, destination, request) => {
      await client.signalWithStart('destinationLock', {
        workflowId: lockId,
        taskQueue,
        args: [destination],
        signal: 'acquire',
        signalArgs: [request],
      });
      return false;
    },
    isRunOpen: async ({ workflowId }) =>
      (await client.getHandle(workflowId).describe()).status.name === 'RUNNING',
    inspectDestinations: async () => Object.fromEntries(sinks.map(({ name }) => [name, 0])),
    resolveWindows: async () => ({ windows: {}, notes: [], unfinished: null }),
    runBeam: async () => ({
      manifestUri: '/m',
      manifestSha256: 'b'.repeat(64),
      attempt: Context.current().info.attempt,
    }),
    audit: async () => ({
      steps: {},
      sinks: Object.fromEntries(sinks.map(({ name }) => [name, { rows, bytes: rows * 8 }])),
      rowsRead: rows,
      rowsStaged: rows,
      rowsRejected: 0,
    }),
    publish: async (_run, _staged, { baseVersion }) => ({
      version: baseVersion + 1,
      rows,
      bytes: 1,
    }),
    fence: async () => null,
    finish: async (_run, receipt) => void receipts.push(receipt),
    ...options.overrides,
  };
  const recorded = Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      (...args: unknown[]) => {
        calls.push(name);
        const run = () => (activity as (...args: unknown[]) => Promise<unknown>)(...args);
        return options.beats ? whileHeartbeating(run) : run();
      },
    ]),
  ) as unknown as FakeActivities['activities'];
  return { activities: recorded, calls, receipts };
}

/** An activity that fails with `type`, `times` times, and then does `after`. */
export function failing<A extends unknown[], R>(
  type: FailureType,
  times: number,
  after: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  let left = times;
  return async (...args) => {
    if (left-- > 0) throw failure(type, `${type} of the test`);
    return after(...args);
  };
}
