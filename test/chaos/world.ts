import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { choosePorts } from '../../src/dev/environment/ports.js';
import { programPath, storageEmulatorPath } from '../../src/dev/services/programs.js';
import { registerTemplate } from '../../src/dev/register-template.js';
import { findTemporalCli } from '../../src/dev/services/temporal-cli.js';
import { createObjectStore } from '../../src/gateways/google-storage.js';
import { pythonEnvironment, pythonPath } from '../../src/process/python.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { until } from '../support/until.js';
import { createMember, type Member, type MemberOptions } from './member.js';
import type { Prepared, Scenario } from './scenario.js';
import type { MemberName } from './schedule.js';

/** Everything that a run on Dataflow needs, each a process of its own that can be hit. */
export interface World {
  folder: string;
  hosts: Host[];
  /** Project roots of the hosts. */
  roots: string[];
  /** Folder of fault points that any process may meet, but for workers of hosts that stand apart. */
  faults: string;
  members: ReadonlyMap<MemberName, Member>;
  /** `http://127.0.0.1:port` of the Dataflow emulator. */
  emulator: string;
  client: Client;
  objects: ObjectStore;
  prepared: Prepared;
  /** Stops every process; what they left is removed, or kept for a look. */
  end(options: { keep: boolean }): Promise<void>;
}

/** A host shares no disk with the others. */
export interface Host {
  root: string;
  taskQueue: string;
  /** Folder of the fault points of its workers. */
  faults: string;
}

export interface WorldOptions {
  hosts: number;
  /** Each host works on its own runs only. */
  ownQueues: boolean;
  /** Only a host's workers meet what is armed for it. */
  ownFaults: boolean;
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

export async function createWorld(
  note: (text: string) => void,
  scenario: Scenario,
  { hosts: count, ownQueues, ownFaults }: WorldOptions,
): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'beamline-chaos-'));
  const faults = join(folder, 'faults');
  const hosts = Array.from({ length: count }, (_, host): Host => ({
    root: join(folder, `host-${host}`),
    taskQueue: ownQueues ? `beamline-${host}` : 'beamline',
    faults: ownFaults ? join(folder, `faults-${host}`) : faults,
  }));
  const roots = hosts.map(({ root }) => root);
  const logs = join(folder, 'logs');
  for (const path of [faults, logs, ...hosts.map((host) => host.faults)]) {
    await mkdir(path, { recursive: true });
  }
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
  const member = (
    name: string,
    command: string,
    args: string[],
    more: Partial<MemberOptions> = {},
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
  const prepared = await scenario.prepare({
    folder,
    env,
    member: (name, command, args, more) =>
      member(name, command, args, { env: { ...env, ...more } }),
  });
  Object.assign(env, prepared.env);
  for (const root of roots) {
    await mkdir(root);
    await writeFile(join(root, 'beamline.yaml'), settings);
    await prepared.writeProject(root);
  }
  const workers = hosts.map((host, index) =>
    member(
      `worker-${index}`,
      process.execPath,
      [programPath('worker', 'main.js'), `--root=${host.root}`, `--task-queue=${host.taskQueue}`],
      {
        replaceable: true,
        cwd: host.root,
        env: { ...env, BEAMLINE_FAULT_POINTS: host.faults },
      },
    ),
  );
  const server = member(
    'temporal',
    findTemporalCli(),
    `server start-dev --headless --port=${temporal} --log-level=error`
      .split(' ')
      .concat(`--db-filename=${join(folder, 'temporal.sqlite')}`),
    { serving: () => untilServing(address) },
  );
  const receiver = member('gateway', process.execPath, [
    programPath('gateway', 'main.js'),
    `--root=${roots[0]}`,
    `--port=${gateway}`,
    '--dev',
  ]);
  const dataflow = member('emulator', process.execPath, [
    programPath('emulator', 'main.js'),
    `--folder=${join(folder, 'dataflow')}`,
    `--grpc-port=${grpc}`,
    `--http-port=${http}`,
    '--queued-ms=150',
    '--pending-ms=100',
    '--cancel-grace-ms=2000',
    `--events=http://127.0.0.1:${gateway}/events/dataflow`,
  ]);
  const store = member(
    'storage',
    pythonPath(),
    ['-m', 'storage_emulator', '--host=127.0.0.1', `--port=${storage}`].concat(
      `--folder=${join(folder, 'storage')}`,
      '--bucket=beamline-dev',
    ),
    { env: { ...env, PYTHONPATH: [storageEmulatorPath, env['PYTHONPATH']].join(delimiter) } },
  );
  await Promise.all([store, server, receiver].map((one) => one.start()));
  await registerTemplate({ endpoint });
  await Promise.all([dataflow, ...workers].map((one) => one.start()));
  const members = [...workers, receiver, dataflow, server, ...prepared.members];
  const connection = await Connection.connect({ address });
  prepared.begin?.();
  await writeFile(join(folder, 'environment.json'), JSON.stringify(env, null, 2));
  return {
    folder,
    hosts,
    roots,
    faults,
    members: new Map(members.map((one) => [one.name as MemberName, one])),
    emulator,
    client: new Client({ connection }),
    objects: createObjectStore({ endpoint }),
    prepared,
    async end({ keep }) {
      await connection.close();
      await Promise.all([...members, store].map((one) => one.end()));
      await prepared.end();
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
