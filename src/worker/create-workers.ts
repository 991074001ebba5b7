import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { warmUp } from '../activities/plan/threads.js';
import {
  createSharedActivities,
  createStoreActivities,
  type ActivityDeps,
} from '../activities/index.js';
import { allRunnerActivities, type Activities } from '../activities/runner-activities.js';
import type { TemporalAddress } from '../client/server/connection.js';
import type { Dataflow } from '../gateways/dataflow.js';
import { createDataflow } from '../gateways/google-dataflow.js';
import { openObjectStore } from '../gateways/open-object-store.js';
import { defaultTaskQueue, storeTaskQueue } from '../shared/names.js';
import { openLocalStore } from '../store/local-store.js';
import { dataConverter } from '../client/server/data-converter.js';
import { removeAbandonedDrafts } from '../store/write-file.js';
import { keepSpares } from './keep-spares.js';
import { registerSearchAttributes } from './search-attributes.js';
import { nameSystemFailures } from './system-failures.js';
import { workflowCode } from './workflow-code.js';

export interface WorkerSettings {
  /** The project root: relative paths of configs start here. */
  root: string;
  /** Folder of the local store; default `<root>/.beamline/store`. */
  store?: string;
  taskQueue?: string;
  python: string;
  temporal: TemporalAddress;
  /** How many children of each kind wait for a task; default 0. */
  spares?: number;
}

export interface Workers {
  storeId: string;
  taskQueue: string;
  /** Runs until a shutdown signal, or until `shutdown`. */
  run(): Promise<void>;
  shutdown(): void;
  /** Ends the processes that wait for a task; none is started any more. */
  endSpares(): Promise<void>;
  /** Whether Temporal answers now. */
  answers(): Promise<boolean>;
  /** Whether both workers ask for work. */
  isRunning(): boolean;
}

/** Milliseconds to wait for an answer of Temporal that says no more than that it is there. */
const answerWithinMs = 1_000;

/** More than runs are ever in flight on one host: a run that waits here must not look abandoned. */
const slots = 1000;

/**
 * Two workers: one for the queue that all hosts share, one for the queue of this host's store.
 * @param replaced activities of the store that are not the usual ones: a measurement's, or a test's
 */
export async function createWorkers(
  settings: WorkerSettings,
  replaced: (deps: ActivityDeps) => Activities = () => ({}),
): Promise<Workers> {
  const { root, temporal, python } = settings;
  const taskQueue = settings.taskQueue ?? defaultTaskQueue;
  const namespace = temporal.namespace ?? 'default';
  const store = await openLocalStore(settings.store ?? join(root, '.beamline', 'store'));
  for (const folder of [store.root, join(store.root, 'plans')]) await removeAbandonedDrafts(folder);
  const clientConnection = await Connection.connect(temporal.connectionOptions);
  await registerSearchAttributes(clientConnection, namespace);
  const connection = await NativeConnection.connect(temporal.connectionOptions);
  const client = new Client({ connection: clientConnection, namespace, dataConverter });
  let service: Promise<Dataflow> | undefined;
  const dataflow = (): Promise<Dataflow> => (service ??= createDataflow());
  const deps: ActivityDeps = {
    root,
    store,
    taskQueue,
    client,
    namespace,
    dataflow,
    objects: openObjectStore,
    python,
    ...(settings.spares
      ? { spares: await keepSpares({ root, store, python }, settings.spares) }
      : {}),
  };
  const both = {
    dataConverter,
    maxHeartbeatThrottleInterval: '2s',
    defaultHeartbeatThrottleInterval: '2s',
    interceptors: { activity: [nameSystemFailures] },
  } satisfies Partial<WorkerOptions>;
  const runners = await allRunnerActivities(deps);
  warmUp();
  const shared = await Worker.create({
    ...both,
    connection,
    namespace,
    taskQueue,
    ...workflowCode(),
    activities: { ...createSharedActivities(deps), ...runners.shared },
    maxConcurrentActivityTaskExecutions: slots,
  });
  const local = await Worker.create({
    ...both,
    connection,
    namespace,
    taskQueue: storeTaskQueue(taskQueue, store.id),
    activities: { ...createStoreActivities(deps), ...runners.ofStore, ...replaced(deps) },
    maxConcurrentActivityTaskExecutions: slots,
  });
  const spares = Object.values(deps.spares ?? {});
  for (const kind of spares) kind.refill();
  const endSpares = async (): Promise<void> => {
    await Promise.all(spares.map((kind) => kind.end()));
  };
  return {
    storeId: store.id,
    taskQueue,
    async run() {
      try {
        await Promise.all([shared.run(), local.run()]);
      } finally {
        await endSpares();
        await (await service?.catch(() => undefined))?.close();
        await connection.close();
        await clientConnection.close();
      }
    },
    shutdown() {
      shared.shutdown();
      local.shutdown();
    },
    endSpares,
    answers: () =>
      clientConnection
        .withDeadline(Date.now() + answerWithinMs, () =>
          clientConnection.workflowService.getSystemInfo({}),
        )
        .then(
          () => true,
          () => false,
        ),
    isRunning: () => [shared, local].every((worker) => worker.getState() === 'RUNNING'),
  };
}
