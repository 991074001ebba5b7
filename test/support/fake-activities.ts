import { Context } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import { whileHeartbeating } from '../../src/activities/attempt/heartbeating.js';
import { failure, type FailureType } from '../../src/shared/failures.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { runKeyOf } from '../../src/store/run-key.js';
import type {
  JobActivities,
  PipelineActivities,
  PreparedRun,
} from '../../src/workflows/contract/activities.js';

/** Activities without effects, which record their calls and do as told. */
export interface FakeActivities {
  activities: PipelineActivities & Partial<JobActivities>;
  calls: string[];
  receipts: Receipt[];
}

export interface FakeOptions {
  client: WorkflowClient;
  taskQueue: string;
  prepared?: Partial<PreparedRun>;
  /** Rows that each sink stages; default 7. */
  rows?: number;
  overrides?: Partial<PipelineActivities & JobActivities>;
  /** Gets the name of each activity that is called; default: a list of its own. */
  calls?: string[];
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

export function createFakeActivities(options: FakeOptions): FakeActivities {
  const { client, taskQueue, rows = 7 } = options;
  const { calls = [] } = options;
  const receipts: Receipt[] = [];
  const sinks = options.prepared?.sinks ?? [preparedSink];
  const activities: PipelineActivities & Partial<JobActivities> = {
    prepare: async (_input, firstExecutionRunId, revision) => ({
      pipeline: 'orders',
      runKey: runKeyOf(firstExecutionRunId),
      planSha256: 'a'.repeat(64),
      args: {},
      store: { id: 's', host: 'h', root: '/store', taskQueue, waitMs: 60_000 },
      profiles: null,
      profileKeys: [],
      sinks: [...sinks],
      timeoutMs: null,
      destinationWaitMs: 1000,
      runner: options.prepared?.dataflow ? 'dataflow' : 'local',
      dataflow: null,
      notes: [],
      ...(revision === undefined ? {} : { revision }),
      ...options.prepared,
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
