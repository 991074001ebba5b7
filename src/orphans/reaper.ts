import { readFile } from 'node:fs/promises';
import type { Receipt } from '../shared/run/receipt.js';
import { storePaths } from '../store/local-store.js';
import { ObjectNotFound, objectPaths } from '../store/object-store.js';
import type { Client } from '@temporalio/client';
import { deploymentOf } from '../config/settings/deployment.js';
import { loadSettings } from '../config/settings/settings.js';
import { openObjectStore } from '../gateways/open-object-store.js';
import { serviceOf } from '../client/look/runner-service.js';
import type { JobService } from '../gateways/dataflow.js';
import { optionsOf, runnerNames } from '../runners/registry.js';
import { endJobs, type Ended } from './end-jobs.js';
import { findOrphanJobs, runKeyOfName } from './find-jobs.js';
import { findOrphanLocks, releaseLocks } from './find-locks.js';
import { findLocalStaging, findObjectStaging, removeStaging } from './find-staging.js';
import type { Orphans, OrphanStaging, Runs, UnreadLock } from './orphan.js';
import { createRuns } from './temporal-runs.js';

export interface ReaperOptions {
  /** The project root: its settings say whose jobs are looked at. */
  root: string;
  /** Root of the local store. */
  localStore: string;
  client: Client;
  namespace: string;
  /** Regions to look at beside that of the settings. */
  regions?: readonly string[];
}

/** What was looked at: where the settings name no project or store, that is left out. */
export interface Looked {
  project: string | null;
  regions: string[];
  store: string | null;
}

/** Finds what runs that are gone left behind, and removes it. */
export interface Reaper {
  readonly looked: Looked;
  find(): Promise<Orphans>;
  endJobs(
    orphans: Orphans,
    how: 'cancel' | 'drain',
    options?: { evenUnknown?: boolean },
  ): Promise<Ended[]>;
  /** Removes staging and profiles of closed runs, and gives locks back. */
  clean(orphans: Orphans): Promise<{ staging: OrphanStaging[]; locks: Orphans['locks'] }>;
  close(): Promise<void>;
}

/** @throws `ConfigProblems` if the settings cannot be read */
export function createReaper(options: ReaperOptions): Reaper {
  const settings = loadSettings(options.root);
  const { project, store, deployment, launch, prices } = settings;
  const named = [
    ...(launch.region === undefined ? [] : [launch.region]),
    ...(options.regions ?? []),
  ];
  const regions = project === undefined ? [] : [...new Set(named)];
  const runs: Runs = createRuns(options.client);
  const runners = runnerNames.filter((runner) => optionsOf(runner).hasService);
  const opened = new Map<string, Promise<JobService>>();

  function open(runner: string): Promise<JobService> {
    const service = opened.get(runner) ?? serviceOf(runner).then((found) => found.open());
    opened.set(runner, service);
    return service;
  }

  async function findJobs(): Promise<Pick<Orphans, 'jobs' | 'unread'>> {
    const found: Pick<Orphans, 'jobs' | 'unread'> = { jobs: [], unread: [] };
    if (project === undefined || regions.length === 0) return found;
    for (const runner of runners) {
      const { costOf } = await serviceOf(runner);
      const { jobs, unread } = await findOrphanJobs(await open(runner), runs, {
        project,
        regions,
        deployment: deploymentOf({ deployment, project, namespace: options.namespace }),
        console: process.env['DATAFLOW_EMULATOR_CONSOLE'] ?? 'https://console.cloud.google.com',
        costOf: (metrics, region) => costOf(metrics, region, prices ?? {}),
      });
      found.jobs.push(...jobs.map((job) => ({ runner, ...job })));
      found.unread.push(...unread.map((job) => ({ runner, ...job })));
    }
    return found;
  }

  /** The receipt is in both stores: the one at hand is asked. */
  async function isLeft(runKey: string): Promise<boolean> {
    const here = storePaths.receipt({ root: options.localStore }, runKey);
    const text = await readFile(here, 'utf8').catch(async () => {
      if (store === undefined) return null;
      const remote = await openObjectStore();
      return remote.read(objectPaths.receipt(store, runKey)).catch((error: unknown) => {
        if (error instanceof ObjectNotFound) return null;
        throw error;
      });
    });
    if (text === null) return false;
    try {
      return (JSON.parse(String(text)) as Partial<Receipt> | null)?.left !== undefined;
    } catch {
      return true; // Nobody can tell what is left: it stays, and hides nothing else.
    }
  }

  return {
    looked: { project: project ?? null, regions, store: store ?? null },
    async find() {
      const { jobs, unread } = await findJobs();
      const busy = new Set([
        ...jobs.map(({ run_key }) => run_key),
        ...unread.map(({ job_name }) => runKeyOfName(job_name) ?? ''),
      ]);
      const remote =
        store === undefined
          ? []
          : await findObjectStaging(await openObjectStore(), store, runs, busy, Date.now(), isLeft);
      const local = await findLocalStaging({ root: options.localStore }, runs, Date.now(), isLeft);
      const unreadLocks: UnreadLock[] = [];
      const held = await findOrphanLocks(runs, (lock) => void unreadLocks.push(lock));
      return { jobs, unread, staging: [...remote, ...local], ...held, unread_locks: unreadLocks };
    },
    async endJobs(orphans, how, options) {
      const ended: Ended[] = [];
      for (const runner of runners) {
        const isIts = (job: { runner: string }): boolean => job.runner === runner;
        const [jobs, unread] = [orphans.jobs.filter(isIts), orphans.unread.filter(isIts)];
        if (jobs.length + unread.length === 0) continue;
        const service = await open(runner);
        ended.push(...(await endJobs(service, project ?? '', { jobs, unread }, how, options)));
      }
      return ended;
    },
    async clean({ staging, locks }) {
      await releaseLocks(runs, locks);
      return { staging: await removeStaging(staging, openObjectStore), locks };
    },
    async close() {
      await Promise.all([...opened.values()].map(async (service) => (await service).close()));
    },
  };
}
