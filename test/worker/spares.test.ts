import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startOf } from '../../src/process/process-record.js';
import { createHosts, isAlive, pause, wake, type Hosts } from '../support/hosts.js';
import { duckdbRows, startRun } from '../support/pipeline.js';
import { startTemporal } from '../support/stack.js';
import { until } from '../support/until.js';

const kinds = ['beam', 'publisher'] as const;
type Kind = (typeof kinds)[number];

describe('a worker that keeps spares', function () {
  this.timeout(120_000);
  let environment: TestWorkflowEnvironment;
  let hosts: Hosts;
  let runs = 0;

  before(async () => {
    environment = await startTemporal();
    hosts = await createHosts(environment, 'spares', 1, { BEAMLINE_SPARES: '1' });
    await hosts.start(0);
  });
  after(async () => {
    await hosts?.end();
    await environment?.teardown();
  });

  it('gives a run its spares, and keeps the next', async () => {
    const first = await spares();
    await succeeds();
    for (const kind of kinds) assert.ok(!isAlive(first[kind]), kind);
    const next = await spares();
    for (const kind of kinds) assert.notEqual(next[kind], first[kind]);
  });

  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
    for (const kind of kinds) {
      it(`is not held up by a ${kind} that got ${signal} while it waited`, async () => {
        const { [kind]: pid } = await spares();
        if (signal === 'SIGSTOP') await pause(pid);
        else process.kill(pid, signal);
        await succeeds();
        await until(async () => (await startOf(pid)) === null);
      });

      it(`is not held up by a ${kind} that got ${signal} before it was ready`, async () => {
        await hosts.arm(`${kind}:spare-ready`, signal);
        await succeeds(); // Its own spare, once it is taken, is followed by one that is hit.
        const hit = await hosts.hit(`${kind}:spare-ready`);
        await succeeds();
        await until(async () => (await startOf(hit)) === null);
        assert.equal(isAlive(hit), false);
      });
    }
  }

  it('leaves none when it stops', async () => {
    const own = await spares();
    const [worker] = hosts.workers;
    await worker?.end('SIGTERM');
    for (const kind of kinds) assert.equal(await startOf(own[kind]), null, kind);
    assert.deepEqual(await records(), []);
  });

  it('ends those that sleep, of a worker that was killed', async () => {
    const worker = await hosts.start(0);
    const { beam, publisher } = await spares();
    await pause(beam);
    await worker.end('SIGKILL');
    await until(async () => (await startOf(publisher)) === null);
    assert.notEqual(await startOf(beam), null);
    await hosts.start(0);
    assert.equal(await startOf(beam), null);
    await succeeds();
    wake(beam);
  });

  /** Runs a pipeline at the first attempt, whose rows are there once. */
  async function succeeds(): Promise<void> {
    const [root = ''] = hosts.roots;
    const name = `run${++runs}`;
    await writeFile(join(root, 'in.csv'), 'id\n1\n2\n');
    await writeFile(
      join(root, `${name}.yaml`),
      `name: ${name}
sources:
  - { name: rows, module: files, parameters: { path: in.csv, format: csv } }
sinks:
  - { name: out, module: duckdb, input: rows, parameters: { database: ${name}.duckdb, table: t } }
`,
    );
    const options = { taskQueue: hosts.taskQueue };
    const receipt = await (
      await startRun(environment, { config: `${name}.yaml` }, options)
    ).result();
    assert.deepEqual([receipt.outcome, receipt.attempts], ['succeeded', 1]);
    const database = join(root, `${name}.duckdb`);
    assert.deepEqual(await duckdbRows(database, 'SELECT id::int AS id FROM t ORDER BY id'), [
      { id: 1 },
      { id: 2 },
    ]);
  }

  /** The process ids of the spares, once there is one of each kind. */
  async function spares(): Promise<Record<Kind, number>> {
    let found: Partial<Record<Kind, number>> = {};
    await until(async () => {
      found = {};
      for (const pid of await records()) {
        const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        if (command !== '') found[command.includes('beam_pipeline') ? 'beam' : 'publisher'] = pid;
      }
      return kinds.every((kind) => kind in found);
    }, 'there is a spare of each kind');
    return found as Record<Kind, number>;
  }

  async function records(): Promise<number[]> {
    const folder = join(hosts.roots[0] ?? '', '.beamline/store/processes/spare');
    const names = await readdir(folder, { recursive: true }).catch(() => []);
    return names
      .map((name) => /(\d+)\.json$/.exec(name)?.[1])
      .filter((pid) => pid !== undefined)
      .map(Number);
  }
});
