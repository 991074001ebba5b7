/**
 * Makes the state that another version of Beamline writes: `dist/test/upgrade/make.js CLONE ROOT`, as `make.sh`
 * calls it. CLONE is a set-up clone of that version, ROOT the project's folder.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { choosePorts } from '../../src/dev/environment/ports.js';
import { readStackRecord } from '../../src/dev/environment/stack-record.js';
import { query } from '../support/pipeline.js';
import { profileOf, projectRoot, startDatabase } from '../support/stack.js';
import { until } from '../support/until.js';
import { addRows, fillDatabase, makeSlow } from './source.js';

const [clone = '', root = ''] = process.argv.slice(2);
const main = join(clone, 'dist', 'src', 'cli', 'main.js');
const faults = join(root, '.faults');

const database = await startDatabase('postgres');
const sql = (text: string) => query(database.ready, text);
await cp(join(projectRoot, 'test', 'upgrade', 'project'), root, { recursive: true });
await mkdir(faults);
await writeFile(
  join(root, '.connections.json'),
  JSON.stringify({ shop: profileOf(database.ready) }, null, 2),
);
await fillDatabase(sql);
const stack = await startStack();
await keepForEver();

for (const name of ['events', 'people', 'lake', 'snapshot', 'halves', 'both', 'slow']) run(name);
// A job of the Dataflow emulator.
for (const name of ['cloud', 'cloud-people']) {
  run(name, 'succeeds', '--runner', 'dataflow', '--allow-plaintext-profile');
}
await addRows(sql);
for (const name of ['events', 'people', 'lake', 'snapshot', 'cloud', 'cloud-people']) run(name);
run('wrong', 'fails');
await makeSlow(sql);
beamline('schedule', 'apply', 'configs');
beamline('schedule', 'pause', 'snapshot-yearly', '--reason', 'until the spring');
await cancelled();
await partlyFailed();
await partlyCancelled();
await leaveOpen();
await once(stack, 'exit');
await database.end();

/** Starts the old version's `beamline dev`. */
async function startStack(): Promise<ChildProcess> {
  const [temporal, ui, gateway] = await choosePorts([0, 0, 0]);
  const ports = [`--port=${temporal}`, `--ui-port=${ui}`, `--gateway-port=${gateway}`];
  const child = spawn(process.execPath, [main, 'dev', '--root', root, ...ports], {
    cwd: root,
    env: { ...process.env, BEAMLINE_FAULT_POINTS: faults },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await until(async () => (await readStackRecord(root)) !== null);
  return child;
}

/** Temporal forgets a closed run after a day: these must be there when the test opens them. */
async function keepForEver(): Promise<void> {
  const record = await readStackRecord(root);
  const connection = await Connection.connect({ address: record?.temporal.address ?? '' });
  const seconds = 36_500 * 86_400;
  await connection.workflowService.updateNamespace({
    namespace: 'default',
    config: { workflowExecutionRetentionTtl: { seconds: seconds as never } },
  });
  await connection.close();
}

/** Calls the old version's command line. */
function beamline(...args: string[]): unknown {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, '--json', '--root', root, ...args],
    { cwd: root, encoding: 'utf8' },
  );
  console.log(`${status}  beamline ${args.join(' ')}`);
  if (status !== 0) console.log(stdout, stderr);
  try {
    return { status, ...(JSON.parse(stdout) as object) };
  } catch {
    return { status };
  }
}

function run(name: string, end: 'succeeds' | 'fails' = 'succeeds', ...options: string[]): void {
  const { status } = beamline('run', `configs/${name}.yaml`, ...options) as { status: number };
  if ((status === 0) !== (end === 'succeeds')) throw new Error(`${name}: exit code ${status}`);
}

function start(name: string, ...options: string[]): string {
  const args = ['run', `configs/${name}.yaml`, '--detach', ...options];
  return (beamline(...args) as { run_key: string }).run_key;
}

async function untilState(runKey: string, state: string): Promise<void> {
  await until(async () => (beamline('status', runKey) as { state?: string }).state === state);
}

async function cancelled(): Promise<void> {
  const runKey = start('slow');
  await untilState(runKey, 'running');
  await sleep(3000);
  beamline('cancel', runKey, '--wait');
}

/** The second table lacks room for what comes. */
async function partlyFailed(): Promise<void> {
  onDuckdb('both-second', "connection.run('ALTER TABLE events ALTER note TYPE INTEGER USING 0')");
  run('both', 'fails');
}

/** Cancelled while the second sink waits for its file, which another process has open. */
async function partlyCancelled(): Promise<void> {
  await arm('publisher:before-commit', 'SIGSTOP');
  const runKey = start('halves');
  const publisher = await hit('publisher:before-commit');
  const holder = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      opening('halves-second', "console.log('open'); setInterval(() => {}, 1000)"),
    ],
    { cwd: clone, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(holder.stdout, 'data');
  process.kill(publisher, 'SIGCONT');
  await sleep(5000);
  beamline('cancel', runKey);
  await sleep(1000);
  holder.kill();
  await untilState(runKey, 'cancelled');
}

function signal(part: { pid: number } | undefined, name: NodeJS.Signals): void {
  process.kill(-(part?.pid ?? 0), name);
}

/** Runs that read, publish, wait for a destination, and publish what a job staged, when the machine dies. */
async function leaveOpen(): Promise<void> {
  const record = await readStackRecord(root);
  await untilState(start('slow'), 'running');
  const job = start('jobs', '--runner', 'dataflow', '--allow-plaintext-profile');
  await untilState(job, 'running');
  signal(record?.bigquery, 'SIGSTOP');
  await untilState(job, 'publishing');
  // From here on it must be quick: what is silent for 10 s is tried again.
  await arm('publisher:before-commit', 'SIGSTOP');
  start('open');
  const publisher = await hit('publisher:before-commit');
  await untilState(start('open'), 'queued');
  signal(record?.worker, 'SIGKILL');
  process.kill(publisher, 'SIGKILL');
  signal(record?.bigquery, 'SIGCONT');
}

function opening(name: string, code: string): string {
  return `
  import { DuckDBInstance } from '@duckdb/node-api';
  const instance = await DuckDBInstance.create(${JSON.stringify(join(root, 'data', `${name}.duckdb`))});
  const connection = await instance.connect();
  await ${code};`;
}

/** Runs code on a DuckDB file with the old version's DuckDB: a newer one may write it anew. */
function onDuckdb(name: string, code: string): void {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `${opening(name, code)} connection.closeSync(); instance.closeSync();`,
    ],
    { cwd: clone, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
}

function arm(point: string, signal: string): Promise<void> {
  return writeFile(join(faults, point), signal);
}

async function hit(point: string): Promise<number> {
  const file = join(faults, `${point}.hit`);
  let pid = 0;
  await until(async () => {
    pid = Number(await readFile(file, 'utf8').catch(() => 0));
    return pid > 0;
  });
  await rm(file);
  return pid;
}
