import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { choosePorts } from '../../src/dev/ports.js';
import { storageEmulatorPath } from '../../src/dev/programs.js';
import { registerTemplate } from '../../src/dev/register-template.js';
import { findTemporalCli } from '../../src/dev/temporal-cli.js';
import { createObjectStore } from '../../src/gateways/google-storage.js';
import { pythonEnvironment, pythonPath } from '../../src/process/python.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { projectRoot } from '../support/stack.js';
import { until } from '../support/until.js';
import { createMember, type Member } from './member.js';
import { writeProject } from './pipelines.js';
import { memberNames, type MemberName } from './schedule.js';

/** Everything that a run on Dataflow needs, each a process of its own that can be hit. */
export interface World {
  folder: string;
  /** Project roots of two hosts that share no disk. */
  roots: string[];
  /** Folder of armed fault points. */
  faults: string;
  members: Record<MemberName, Member>;
  /** `http://127.0.0.1:port` of the Dataflow emulator. */
  emulator: string;
  client: Client;
  objects: ObjectStore;
  /** Stops every process; what they left is removed, or kept for a look. */
  end(options: { keep: boolean }): Promise<void>;
}

export const bucketStore = 'gs://beamline-dev/beamline';

const settings = `project: beamline-dev
store: ${bucketStore}
reconcile_after: 10s
force_cancel_after: 5s
launch:
  region: local1
  container_spec_gcs_path: gs://beamline-dev/templates/beamline.json
`;

export async function createWorld(note: (text: string) => void): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'beamline-chaos-'));
  const roots = [0, 1].map((host) => join(folder, `host-${host}`));
  const faults = join(folder, 'faults');
  const logs = join(folder, 'logs');
  for (const path of [faults, logs]) await mkdir(path);
  for (const root of roots) await writeProject(root, settings);
  const [temporal, gateway, grpc, http, storage] = (await choosePorts([0, 0, 0, 0, 0])) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const address = `127.0.0.1:${temporal}`;
  const emulator = `http://127.0.0.1:${http}`;
  const endpoint = `http://127.0.0.1:${storage}`;
  const env: NodeJS.ProcessEnv = {
    ...pythonEnvironment(),
    TEMPORAL_ADDRESS: address,
    STORAGE_EMULATOR_HOST: endpoint,
    DATAFLOW_EMULATOR_HOST: `127.0.0.1:${grpc}`,
    DATAFLOW_EMULATOR_CONSOLE: emulator,
    SECRET_MANAGER_EMULATOR_HOST: emulator,
    METADATA_SERVER_DETECTION: 'none',
    BEAMLINE_FAULT_POINTS: faults,
  };
  const program = (...path: string[]): string => join(projectRoot, 'dist', 'src', ...path);
  const member = (
    name: string,
    command: string,
    args: string[],
    more: { serving?: () => Promise<void>; replaceable?: boolean; cwd?: string } = {},
  ): Member =>
    createMember({
      name,
      command,
      args,
      env,
      cwd: folder,
      logFile: join(logs, `${name}.log`),
      replaceable: false,
      note,
      ...more,
    });
  const worker = (host: 0 | 1): Member =>
    member(
      `worker-${host}`,
      process.execPath,
      [program('worker', 'main.js'), `--root=${roots[host]}`],
      { replaceable: true, cwd: roots[host] as string },
    );
  const members: Record<MemberName, Member> = {
    temporal: member(
      'temporal',
      findTemporalCli(),
      `server start-dev --headless --port=${temporal} --log-level=error`
        .split(' ')
        .concat(`--db-filename=${join(folder, 'temporal.sqlite')}`),
      { serving: () => untilServing(address) },
    ),
    gateway: member('gateway', process.execPath, [
      program('gateway', 'main.js'),
      `--root=${roots[0]}`,
      `--port=${gateway}`,
      '--dev',
    ]),
    emulator: member('emulator', process.execPath, [
      program('emulator', 'main.js'),
      `--folder=${join(folder, 'dataflow')}`,
      `--grpc-port=${grpc}`,
      `--http-port=${http}`,
      '--queued-ms=150',
      '--pending-ms=100',
      '--cancel-grace-ms=2000',
      `--events=http://127.0.0.1:${gateway}/events/dataflow`,
    ]),
    'worker-0': worker(0),
    'worker-1': worker(1),
  };
  const store = createMember({
    name: 'storage',
    command: pythonPath(),
    args: ['-m', 'storage_emulator', '--host=127.0.0.1', `--port=${storage}`].concat(
      `--folder=${join(folder, 'storage')}`,
      '--bucket=beamline-dev',
    ),
    env: { ...env, PYTHONPATH: [storageEmulatorPath, env['PYTHONPATH']].join(delimiter) },
    cwd: folder,
    logFile: join(logs, 'storage.log'),
    replaceable: false,
    note,
  });
  await Promise.all([store, members.temporal, members.gateway].map((one) => one.start()));
  await registerTemplate({ endpoint });
  await Promise.all(
    [members.emulator, members['worker-0'], members['worker-1']].map((one) => one.start()),
  );
  const connection = await Connection.connect({ address });
  await writeFile(join(folder, 'environment.json'), JSON.stringify(env, null, 2));
  return {
    folder,
    roots,
    faults,
    members,
    emulator,
    client: new Client({ connection }),
    objects: createObjectStore({ endpoint }),
    async end({ keep }) {
      await connection.close();
      await Promise.all(
        [...memberNames.map((name) => members[name]), store].map((one) => one.end()),
      );
      if (!keep) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilServing(address: string): Promise<void> {
  await until(async () => {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 500 });
      try {
        await connection.workflowService.describeNamespace({ namespace: 'default' });
        return true;
      } finally {
        await connection.close();
      }
    } catch {
      return false;
    }
  });
}
