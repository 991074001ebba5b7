import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Client } from '@temporalio/client';
import {
  createSharedActivities,
  createStoreActivities,
  type ActivityDeps,
} from '../../../src/activities/index.js';
import { allRunnerActivities } from '../../../src/activities/runner-activities.js';
import { dataConverter } from '../../../src/client/server/data-converter.js';
import { optionsOf } from '../../../src/runners/registry.js';
import { storeTaskQueue } from '../../../src/shared/names.js';
import { openLocalStore } from '../../../src/store/local-store.js';
import { runKeyOf } from '../../../src/store/run-key.js';
import { registerSearchAttributes } from '../../../src/worker/search-attributes.js';
import { startTemporal, temporaryRoot } from '../../support/stack.js';
import { Runs, type KitActivities } from './activities.js';
import type { KitMember, MemberSignal, StartedMember } from './member.js';
import { NaiveProgram } from './naive/activities.js';
import type { Fault } from './naive/fault.js';
import { KitRun, type KitRunParts, type RunOptions } from './place.js';
import { Processes, programNames, writePython } from './programs.js';

const taskQueue = 'kit-of-runners';

/** What a run is of: a runner of the product, or the naive one with its fault. */
export type Under = { runner: string } | { fault: Fault | null };

/** One Temporal, one project and one worker for all runs of the kit. */
export class KitStack {
  readonly #runs: Runs;
  #count = 0;

  private constructor(
    readonly root: string,
    private readonly client: Client,
    private readonly programs: string,
    private readonly members: ReadonlyMap<string, { kit: KitMember; started: StartedMember }>,
    runs: Runs,
    readonly stop: () => Promise<void>,
  ) {
    this.#runs = runs;
  }

  static async start(kits: ReadonlyMap<string, KitMember>): Promise<KitStack> {
    const { root, remove } = await temporaryRoot();
    const programs = join(root, 'programs');
    await mkdir(programs);
    process.env[programNames.folder] = programs;
    await writeFile(join(root, 'orders.csv'), 'id,name\n1,Ada\n2,Grace\n');
    const settings = [...kits.values()].map((kit) => kit.settings).join('');
    await writeFile(join(root, 'beamline.yaml'), settings);
    const python = await writePython(root);
    const environment = await startTemporal([
      '--dynamic-config-value',
      'limit.historyCount.suggestContinueAsNew=100',
    ]);
    process.env['TEMPORAL_ADDRESS'] = environment.address;
    await registerSearchAttributes(environment.connection, 'default');
    const client = new Client({ connection: environment.connection, dataConverter });
    const members = new Map(
      await Promise.all(
        [...kits].map(
          async ([name, kit]) =>
            [name, { kit, started: await kit.start({ root, python, client }) }] as const,
        ),
      ),
    );
    const deps: ActivityDeps = {
      root,
      store: await openLocalStore(join(root, '.beamline', 'store')),
      taskQueue,
      client,
      namespace: 'default',
      dataflow: () => Promise.reject(new Error('no runner of the kit brings it')),
      objects: () => Promise.reject(new Error('no runner of the kit brings it')),
      python,
      ...Object.assign({}, ...[...members.values()].map(({ started }) => started.deps)),
    };
    const runners = await allRunnerActivities(deps);
    const own = { ...runners.shared, ...runners.ofStore };
    const core = { ...createSharedActivities(deps), ...createStoreActivities(deps) };
    const starts = [...members.values()].map(({ kit }) => kit.starts);
    const runs = new Runs({ client, taskQueue, core, own, starts });
    const workers = await startWorkers(environment, deps.store.id, runs);
    return new KitStack(root, client, programs, members, runs, async () => {
      await workers.stop();
      for (const { started } of members.values()) await started.stop();
      await environment.teardown();
      delete process.env['TEMPORAL_ADDRESS'];
      delete process.env[programNames.folder];
      await remove();
    });
  }

  /** Starts a run, whose program goes on until it is told to end. */
  async run(under: Under, options: RunOptions = {}): Promise<KitRun> {
    const number = ++this.#count;
    const workflowId = `${options.isDeaf === true ? 'deaf' : 'kit'}-${number}`;
    return 'runner' in under
      ? this.#runOf(under.runner, workflowId, options)
      : this.#naiveRun(under.fault, workflowId, options);
  }

  /** A run whose steps are all real, and the folder that it publishes to. */
  async realRun(runner: string): Promise<{ run: KitRun; folder: string }> {
    const workflowId = `real-${runner}`;
    return {
      run: await this.#runOf(runner, workflowId, { isReal: true }),
      folder: join(this.root, 'lake', workflowId),
    };
  }

  async #runOf(
    runner: string,
    workflowId: string,
    options: RunOptions & { isReal?: true },
  ): Promise<KitRun> {
    const member = this.members.get(runner);
    if (member === undefined) throw new Error(`no member of the kit is named ${runner}`);
    const config = `${workflowId}.yaml`;
    await writeFile(join(this.root, config), configOf(workflowId, runner, options));
    const looksSoon = options.isDeaf === true && optionsOf(runner).takesLaunch === true;
    const input = { config, ...(looksSoon ? { launch: { reconcileAfter: '2s' } } : {}) };
    this.#runs.add(workflowId, options);
    const handle = await this.client.workflow.start('runPipeline', {
      taskQueue,
      workflowId,
      args: [input],
    });
    const key = runKeyOf(handle.firstExecutionRunId);
    const program = new Processes(join(this.programs, key));
    return this.#kitRun(workflowId, { key, program, signal: member.started.signal });
  }

  async #naiveRun(fault: Fault | null, workflowId: string, options: RunOptions): Promise<KitRun> {
    const handle = this.client.workflow.getHandle(workflowId);
    const program = new NaiveProgram(fault, async () => {
      if (options.isDeaf !== true) await handle.signal('naiveTold', { told: 'ended' });
    });
    this.#runs.add(workflowId, options, program);
    const { firstExecutionRunId } = await this.client.workflow.start('runNaively', {
      taskQueue,
      workflowId,
      args: [{ config: 'naive.yaml' }],
    });
    const signal: MemberSignal = {
      name: 'naiveTold',
      malformed: [null, 7, {}, { told: 7 }],
      forged: () => ({ told: 'ended' }),
    };
    const key = runKeyOf(firstExecutionRunId);
    return this.#kitRun(workflowId, {
      key,
      program,
      signal,
      patienceMs: fault === null ? 45_000 : 6_000,
    });
  }

  #kitRun(
    workflowId: string,
    parts: Pick<KitRunParts, 'key' | 'program' | 'signal'> & { patienceMs?: number },
  ): KitRun {
    // Whatever execution of it is open.
    const handle = this.client.workflow.getHandle(workflowId);
    this.#runs.startedAs(workflowId, parts.program);
    return new KitRun({ patienceMs: 45_000, ...parts, handle, ends: this.#runs });
  }
}

function configOf(name: string, runner: string, { hasDeadline }: RunOptions): string {
  return `name: ${name}
runner: ${runner}
${hasDeadline === true ? 'timeout: 15s\n' : ''}sources:
  - { name: orders, module: files, parameters: { path: orders.csv, format: csv } }
sinks:
  - { name: lake, module: files, input: orders, parameters: { path: lake/${name} } }
`;
}

/** Of the queue of all, and of the store: in one process, with the same activities. */
async function startWorkers(
  { nativeConnection }: TestWorkflowEnvironment,
  storeId: string,
  { activities, interceptor }: { activities: KitActivities; interceptor: Runs['interceptor'] },
): Promise<{ stop: () => Promise<void> }> {
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('workflows.js', import.meta.url)),
    ...dataConverter,
    logger: new DefaultLogger('ERROR'),
  });
  const both = {
    connection: nativeConnection,
    dataConverter,
    activities,
    maxHeartbeatThrottleInterval: '500ms',
    defaultHeartbeatThrottleInterval: '500ms',
    interceptors: { activity: [interceptor] },
  };
  const workers = await Promise.all([
    Worker.create({ ...both, workflowBundle, taskQueue }),
    Worker.create({ ...both, taskQueue: storeTaskQueue(taskQueue, storeId) }),
  ]);
  const running = workers.map((worker) => worker.run());
  return {
    async stop() {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
    },
  };
}
