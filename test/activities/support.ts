import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Client } from '@temporalio/client';
import { defaultActivityInfo, MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { ActivityDeps } from '../../src/activities/index.js';
import { canonicalJson } from '../../src/config/values/canonical-json.js';
import type { Plan } from '../../src/config/plan/plan-types.js';
import { createObjectStore } from '../../src/gateways/google-storage.js';
import { pythonPath } from '../../src/process/python.js';
import type { DataflowTarget } from '../../src/shared/run/job.js';
import type { Manifest, ManifestSink } from '../../src/shared/run/manifest.js';
import { openLocalStore } from '../../src/store/local-store.js';
import { pinPlan } from '../../src/store/pinned-plans.js';
import { objectPaths, type ObjectStore } from '../../src/store/object-store.js';
import type { RunReference, Staged } from '../../src/workflows/contract/activities.js';

/** Runs an activity as a worker does. */
export function inActivity<A extends unknown[], R>(
  activity: (...args: A) => Promise<R>,
  ...args: A
): Promise<R> {
  const logger = new DefaultLogger('ERROR');
  return new MockActivityEnvironment({}, { logger }).run<A, R, (...args: A) => Promise<R>>(
    activity,
    ...args,
  );
}

/** The run id of an activity in Temporal's mock environment. */
export const ownRunId = defaultActivityInfo.workflowExecution?.runId ?? '';

/** A client whose run is in that state, and was not reset. */
export function clientOf(state: () => string = () => 'RUNNING'): Client {
  const raw = { workflowExecutionInfo: { execution: { runId: ownRunId } } };
  const describe = async () => ({ status: { name: state() }, raw });
  return { workflow: { getHandle: () => ({ describe }) } } as unknown as Client;
}

export interface Project {
  root: string;
  deps: ActivityDeps;
  objects: ObjectStore;
}

/** What a worker of a project has, with the emulator's storage. */
export async function openProject(
  root: string,
  endpoint: string,
  client = clientOf(),
): Promise<Project> {
  const store = await openLocalStore(join(root, '.beamline', 'store'));
  const objects = createObjectStore({ endpoint });
  const deps: ActivityDeps = {
    root,
    store,
    client,
    taskQueue: 'beamline',
    python: pythonPath(),
    objects: async () => objects,
    namespace: 'default',
    dataflow: () => Promise.reject(new Error('no test of storage asks Dataflow')),
  };
  return { root, deps, objects };
}

export function targetOf(store: string): DataflowTarget {
  return {
    project: 'beamline-dev',
    region: 'local1',
    store,
    deployment: 'test',
    console: 'http://127.0.0.1:9',
    launch: { containerSpecGcsPath: 'gs://bucket/spec.json', attempts: 1 },
    reconcileAfterMs: 900_000,
    forceCancelAfterMs: 900_000,
  };
}

/** Pins a plan in the project's local store, as `prepare` does. */
export async function pin(
  { deps }: Project,
  runKey: string,
  plan: Pick<Plan, 'sources' | 'sinks' | 'job_sinks'>,
  profiles: string | null = null,
): Promise<RunReference> {
  const whole: Plan = {
    version: 1,
    name: 'orders',
    timezone: 'UTC',
    destination_wait_ms: 5000,
    transforms: [],
    ...plan,
  };
  const json = canonicalJson(whole);
  const planSha256 = createHash('sha256').update(json).digest('hex');
  await pinPlan(deps.store, planSha256, json);
  return { runKey, planSha256, storeId: deps.store.id, profiles, destinationWaitMs: 5000 };
}

/** Writes the manifest of what was staged for the sinks of a run, as a job does. */
export async function stageInBucket(
  objects: ObjectStore,
  store: string,
  run: RunReference,
  sinks: Record<string, ManifestSink>,
): Promise<Staged> {
  const attempt = objectPaths.attempt(store, run.runKey, 1);
  const uploaded: Manifest['sinks'] = {};
  for (const [name, sink] of Object.entries(sinks)) {
    const files = [];
    for (const file of sink.files) {
      const uri = `${attempt}/${name}/${basename(file.uri)}`;
      await objects.upload(file.uri, uri);
      files.push({ ...file, uri });
    }
    uploaded[name] = { ...sink, files };
  }
  const text = JSON.stringify(manifestOf(run, uploaded));
  await objects.createOnce(`${attempt}/manifest.json`, text);
  return {
    manifestUri: `${attempt}/manifest.json`,
    manifestSha256: createHash('sha256').update(text).digest('hex'),
    attempt: 1,
  };
}

export function manifestOf(run: RunReference, sinks: Manifest['sinks']): Manifest {
  const { runKey: run_key, planSha256: plan_sha256 } = run;
  return { version: 1, run_key, attempt: '1', plan_sha256, steps: {}, windows: {}, sinks };
}

/** Every object below a prefix, with its text. */
export async function contents(
  objects: ObjectStore,
  prefix: string,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { uri } of objects.list(`${prefix}/`)) {
    found[uri.slice(prefix.length + 1)] = (await objects.read(uri)).toString();
  }
  return found;
}

export async function sha256Of(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}
