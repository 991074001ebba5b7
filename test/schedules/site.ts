import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ScheduleDescription } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Beamline, type Change, type Schedules } from '../../src/client/index.js';
import { startTemporal, temporaryRoot } from '../support/stack.js';

/** A project of its own and a real server that has no schedule yet. */
export interface Site {
  environment: TestWorkflowEnvironment;
  root: string;
  schedules: Schedules;
  /** One more client of the same project. */
  connect(): Promise<Schedules>;
  /** Writes a config with that `schedule` block; without one, a config without a schedule. */
  write(path: string, schedule?: object, more?: object): void;
  remove(path: string): void;
  /** `kind name` of each change of a plan that is not `unchanged`. */
  kinds(paths?: string[]): Promise<string[]>;
  /** Plans and applies; throws if a change fails. */
  apply(paths?: string[], reason?: string): Promise<Change[]>;
  describe(name: string): Promise<ScheduleDescription>;
  /** Names of all schedules of the server, ours or not. */
  names(): Promise<string[]>;
  end(): Promise<void>;
}

export async function startSite(settings = 'deployment: test\n'): Promise<Site> {
  const environment = await startTemporal();
  const { root, remove } = await temporaryRoot();
  const open: Beamline[] = [];
  writeFileSync(join(root, 'beamline.yaml'), settings);
  mkdirSync(join(root, 'configs'));
  const connect = async (): Promise<Schedules> => {
    const beamline = await Beamline.connect({ root, address: environment.address });
    open.push(beamline);
    return beamline.schedules();
  };
  const schedules = await connect();
  const { schedule } = environment.client;
  return {
    environment,
    root,
    schedules,
    connect,
    write(path, block, more = {}) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), configText(block, more));
    },
    remove: (path) => rmSync(join(root, path)),
    async kinds(paths = ['configs']) {
      const { changes } = await schedules.plan(paths);
      return changes
        .filter(({ kind }) => kind !== 'unchanged')
        .map(({ kind, name }) => `${kind} ${name}`);
    },
    async apply(paths = ['configs'], reason) {
      const applied = await schedules.apply(await schedules.plan(paths), { reason });
      for (const { failure } of applied) if (failure !== null) throw failure;
      return applied.map(({ change }) => change);
    },
    describe: (name) => schedule.getHandle(name).describe(),
    async names() {
      const names: string[] = [];
      for await (const { scheduleId } of schedule.list()) names.push(scheduleId);
      return names.toSorted();
    },
    async end() {
      await Promise.all(open.map((beamline) => beamline.close()));
      await environment.teardown();
      await remove();
    },
  };
}

/** A config that reads a file and writes a folder. */
export function configText(schedule?: object, more: object = {}): string {
  return JSON.stringify({
    name: 'orders',
    ...(schedule && { schedule }),
    sources: [{ name: 'rows', module: 'files', parameters: { path: 'rows.csv' } }],
    sinks: [{ name: 'out', module: 'files', input: 'rows', parameters: { path: 'out' } }],
    ...more,
  });
}

/** A schedule that Beamline did not make, as anybody's client makes it. */
export async function foreignSchedule(
  { environment }: Pick<Site, 'environment'>,
  scheduleId: string,
  memo?: Record<string, unknown>,
): Promise<void> {
  await environment.client.schedule.create({
    scheduleId,
    spec: { cronExpressions: ['0 0 1 1 *'] },
    action: { type: 'startWorkflow', workflowType: 'theirs', taskQueue: 'theirs' },
    ...(memo && { memo }),
  });
}
