import { join } from 'node:path';
import { endRecordedProcesses } from '../process/process-record.js';
import {
  devProject,
  emulatorEnvironment,
  stackEnvironment,
} from './environment/dev-environment.js';
import { writeDevFiles } from './environment/dev-files.js';
import { chooseEndpoints, type Endpoints } from './environment/endpoints.js';
import { createDataset } from './create-dataset.js';
import { bigqueryPart } from './parts/bigquery.js';
import { dataflowPart } from './parts/dataflow.js';
import { gatewayPart } from './parts/gateway.js';
import { startPart, type Part, type Surroundings } from './parts/part.js';
import { keepService } from './services/kept-service.js';
import { storagePart } from './parts/storage.js';
import { startTemporal } from './parts/temporal.js';
import { workerPart } from './parts/worker.js';
import { registerTemplate } from './register-template.js';
import { type Service, lastLines } from './services/service.js';
import { takeStartTurn } from './environment/start-turn.js';
import {
  claimStack,
  removeStackRecord,
  type StackRecord,
  stateOf,
  writeStackRecord,
} from './environment/stack-record.js';
import { findTemporalCli } from './services/temporal-cli.js';

export interface StackOptions {
  /** The project root; the state of the stack is in its `.beamline`. */
  root: string;
  /** The Temporal server's port if it is free, else another one. */
  port?: number;
  uiPort?: number;
  gatewayPort?: number;
  /** When aborted before everything is ready, what was started is stopped and the start rejects. */
  signal?: AbortSignal;
  /** Called when a service is ready. */
  onReady?(service: { name: string; ms: number; note: string }): void;
  /** Called when a service ended by itself, and is there again. */
  onRestart?(service: { name: string; how: string }): void;
}

export interface Stack {
  record: StackRecord;
  /** Says which service ended by itself and is not there again, with the end of its log. */
  broken: Promise<string>;
  stop(): Promise<void>;
}

const readyWithinMs = 60_000;

/**
 * The order in which services are stopped: the worker tells Temporal what it gives up, the emulator
 * tells the gateway of the jobs that it ends, and they need what is behind them.
 */
const stopOrder = ['worker', 'dataflow', 'gateway', 'bigquery', 'storage', 'temporal'];

/**
 * Starts the local stack and waits until every part is ready. What need not wait for another part
 * starts at once. What an earlier stack of this root left behind when it was killed is ended first.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { root } = options;
  const temporalCli = findTemporalCli();
  const release = await claimStack(root);
  const services: Service[] = [];
  const stop = async () => {
    for (const name of stopOrder) {
      for (const service of services) if (service.name === name) await service.stop();
    }
    await removeStackRecord(root);
    await release();
  };
  const failed = new AbortController();
  let endTurn: (() => void) | undefined;
  const starting: Promise<unknown>[] = [];
  try {
    const common = surroundings(root, AbortSignal.any([failed.signal, ...signals(options)]));
    await endRecordedProcesses(common.records);
    await removeStackRecord(root);
    endTurn = await takeStartTurn(common.signal);
    const endpoints = await chooseEndpoints(root, {
      temporal: options.port,
      ui: options.uiPort,
      gateway: options.gatewayPort,
    });
    await writeDevFiles(root, endpoints);
    let record: StackRecord | undefined;
    const restarted = new Map<KeptName, number>();
    const onRestart = async (name: KeptName, how: string, { pid }: Service): Promise<void> => {
      restarted.set(name, pid);
      if (record !== undefined) {
        record[name].pid = pid;
        await writeStackRecord(root, record);
      }
      options.onRestart?.({ name, how });
    };
    record = await startParts({ root, temporalCli, endpoints, common, start, onRestart });
    for (const [name, pid] of restarted) record[name].pid = pid;
    await writeStackRecord(root, record);
    const broken = Promise.race(
      services.map(async ({ name, ended, logFile }) => {
        const how = await ended;
        return `${name} ${how}. The end of ${logFile}:\n${lastLines(logFile)}`;
      }),
    );
    return { record, broken, stop };
  } catch (error) {
    failed.abort();
    await Promise.allSettled(starting);
    await stop();
    throw error;
  } finally {
    endTurn?.();
  }

  /** Starts one service and says so; when it fails, the others are not started any further. */
  function start<T extends { service: Service }>(
    begin: () => Promise<T>,
    noteOf: (started: T) => string,
  ): Promise<T> {
    const startedAt = performance.now();
    const started = begin().then((started) => {
      const { service } = started;
      services.push(service);
      const ms = performance.now() - startedAt;
      options.onReady?.({ name: service.name, ms, note: noteOf(started) });
      return started;
    });
    starting.push(started);
    return started;
  }
}

/** The parts that keep nothing in their process: they are started again when they end. */
type KeptName = 'worker' | 'gateway';

interface Starting {
  root: string;
  temporalCli: string;
  endpoints: Endpoints;
  common: Surroundings;
  start: <T extends { service: Service }>(
    begin: () => Promise<T>,
    noteOf: (started: T) => string,
  ) => Promise<T>;
  onRestart: (name: KeptName, how: string, service: Service) => Promise<void>;
}

async function startParts(starting: Starting): Promise<StackRecord> {
  const { root, temporalCli, endpoints, common, start, onRestart } = starting;
  const { storage, dataflow, bigquery, notes } = endpoints;
  const env = stackEnvironment(root, endpoints);
  const part = <T>(part: Part<T>, noteOf: (ready: T) => string) =>
    start(
      () => startPart(part, common),
      ({ ready }) => noteOf(ready),
    );
  const kept = <T>(name: KeptName, part: Part<T>, noteOf: (ready: T) => string) =>
    start(
      () =>
        keepService({
          start: (signal) => startPart(part, { ...common, signal }),
          signal: common.signal,
          onRestart: (how, { service }) => onRestart(name, how, service),
        }),
      ({ ready }) => noteOf(ready),
    );

  const temporalServing = start(
    async () => ({ service: await startTemporal(temporalCli, root, endpoints, common, env) }),
    () => `${endpoints.temporal.address}${notes.temporal} · web ui ${endpoints.temporal.ui}`,
  );
  const [{ service: gateway }, storing, querying, flowing, worked] = await Promise.all([
    kept('gateway', gatewayPart(root, endpoints, env), ({ url }) => `${url}${notes.gateway}`),
    storage &&
      part(storagePart(root, storage, env), ({ endpoint }) => endpoint).then(async (started) => {
        await registerTemplate(storage);
        return started;
      }),
    bigquery &&
      part(bigqueryPart(root, bigquery, env), ({ endpoint }) => endpoint).then(async (started) => {
        await createDataset(bigquery, devProject);
        return started;
      }),
    dataflow &&
      part(
        dataflowPart(root, dataflow, endpoints, env),
        ({ grpc, http }) => `${grpc} · console ${http}`,
      ),
    temporalServing.then(() =>
      kept('worker', workerPart(root, env), ({ task_queue }) => `task queue ${task_queue}`),
    ),
  ]);
  const { service: worker, ready } = worked;
  return {
    pid: process.pid,
    temporal: endpoints.temporal,
    worker: { pid: worker.pid, store: ready.store, task_queue: ready.task_queue },
    gateway: { pid: gateway.pid, ...endpoints.gateway },
    ...(storing && storage && { storage: { pid: storing.service.pid, ...storage } }),
    ...(querying && bigquery && { bigquery: { pid: querying.service.pid, ...bigquery } }),
    environment: emulatorEnvironment(root, endpoints),
    ...(flowing && dataflow && { dataflow: { pid: flowing.service.pid, ...dataflow } }),
  };
}

function surroundings(root: string, signal: AbortSignal): Surroundings {
  return {
    cwd: root,
    records: join(stateOf(root), 'processes', 'dev'),
    readyWithinMs,
    signal,
    logFileOf: (name) => join(stateOf(root), 'logs', `${name}.log`),
  };
}

function signals({ signal }: StackOptions): AbortSignal[] {
  return signal === undefined ? [] : [signal];
}
