import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { lockWorkflowPrefix, lockWorkflowType, workflowType } from '../../src/shared/names.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { destinationHash } from '../../src/store/run-key.js';
import { onDuckdb } from '../destinations/support.js';
import { until } from '../support/until.js';
import { workflowBundle } from '../support/workflow-bundle.js';
import { keptVersions, openProject, type OldProject } from './old-project.js';

interface Listed {
  run_key: string;
  workflow_id: string;
  pipeline: string;
  state: string;
  rows: number | null;
  unreadable?: string;
}

for (const version of await keptVersions()) {
  describe(`what version ${version} wrote`, function () {
    this.timeout(120_000);
    let project: OldProject;
    let connection: Connection;
    let client: Client;

    before(async () => {
      project = await openProject(version);
      connection = await Connection.connect({ address: project.stack.temporal.address });
      client = new Client({ connection });
    });
    after(async () => {
      await connection?.close();
      await project?.end();
    });

    it('is listed, each run with the rows of its receipt', async () => {
      const runs = await list();
      for (const { run_key, pipeline, outcome, rows_staged } of project.receipts) {
        const found = runs.find((run) => run.run_key === run_key);
        assert.deepEqual(
          [found?.pipeline, found?.state, found?.unreadable],
          [pipeline, outcome, undefined],
        );
        if (outcome === 'succeeded') assert.equal(found?.rows, rows_staged);
      }
      assert.ok(project.receipts.length >= 18);
    });

    it('is told by status, receipt and explain, as it was', async () => {
      await forEach(['events', 'wrong', 'both', 'halves'], async (pipeline) => {
        const receipt = oldRun(pipeline);
        const { run_key: key, outcome } = receipt;
        assert.deepEqual((await succeeds('receipt', key)).said, receipt);
        assert.equal((await succeeds('status', key)).said['state'], outcome);
      });
      const { said } = await succeeds('explain', oldRun('wrong').run_key);
      assert.match(JSON.stringify(said), /column \\"nothing\\" does not exist/);
      for (const name of ['both', 'halves']) {
        const { run_key: key } = oldRun(name);
        const explained = await succeeds('explain', key);
        assert.match(JSON.stringify(explained.said), new RegExp(`rerun ${key}`), name);
      }
    });

    it('leaves histories that replay, of runs and of locks', async () => {
      const query = `WorkflowType IN ('${workflowType}', '${lockWorkflowType}')`;
      const histories = client.workflow.list({ query }).intoHistories();
      const replayed = new Set<string>();
      for await (const run of Worker.runReplayHistories(await workflowBundle(), histories)) {
        assert.equal(run.error, undefined, run.workflowId);
        replayed.add(run.workflowId);
      }
      for (const { workflow_id, sinks } of project.receipts) {
        assert.ok(replayed.has(workflow_id));
        // While both versions run they must ask the same lock.
        for (const { destination } of sinks) {
          assert.ok(replayed.has(`${lockWorkflowPrefix}${destinationHash(destination)}`));
        }
      }
    });

    it('goes on: runs that read, publish, wait for a destination, and whose job has ended', async () => {
      await until(async () => (await leftOpen()).every(({ state }) => isEnd(state)));
      const states = (await leftOpen())
        .map(({ pipeline, state }) => `${pipeline} ${state}`)
        .toSorted();
      assert.deepEqual(states, [
        'jobs succeeded',
        'open succeeded',
        'open succeeded',
        'slow cancelled',
        'slow succeeded',
        'slow succeeded',
      ]);
      assert.deepEqual(await idsIn('open', 'events'), upTo(8));
      assert.equal((await idsIn('slow', 'rows')).length, 200);
      assert.deepEqual(await idsInCloud('jobs'), upTo(8));
    });

    it('is private from the first start on', async () => {
      const { mode } = await stat(join(project.root, '.beamline'));
      assert.equal(mode & 0o077, 0);
    });

    it('is known: a window that was appended is refused', async () => {
      const window = ['--window', '2..5'];
      const { status, said } = await project.beamline('run', 'configs/events.yaml', ...window);
      assert.notEqual(status, 0);
      assert.match(JSON.stringify(said), /WindowCommitted/);
    });

    it('says where the next window begins: no row is lost, and none comes twice', async () => {
      await project.sql("INSERT INTO events SELECT n, 'note ' || n FROM generate_series(9, 10) n");
      await forEach(['events', 'lake', 'cloud'], async (name) => {
        const { rows_read, windows } = await run(name);
        assert.deepEqual([rows_read, windows?.['events']?.low], [2, '9'], name);
        assert.equal(windows?.['events']?.basis, 'record');
      });
      assert.deepEqual(await idsIn('events', 'events'), upTo(10));
      const lake = join(project.root, 'data', 'lake', 'current', '*.parquet');
      assert.deepEqual(await idsOf(`FROM '${lake}'`), upTo(10));
      assert.deepEqual(await idsInCloud('events'), upTo(10));
    });

    it('says what the next merge reads, and the merge replaces what it has written', async () => {
      await project.sql("UPDATE people SET name = 'again', changed = now() WHERE id IN (3, 4)");
      await forEach(['people', 'cloud-people'], async (name) => {
        const { rows_read, windows } = await run(name);
        assert.deepEqual([rows_read, windows?.['people']?.basis], [3, 'record'], name);
      });
      const names = ['name 1', 'changed', 'again', 'again'];
      const select = 'SELECT name FROM people ORDER BY id';
      const rows = await onDuckdb(join(project.root, 'data', 'people.duckdb'), select);
      assert.deepEqual(
        rows.map(({ name }) => name),
        names,
      );
      assert.deepEqual(await inCloud('SELECT name FROM demo.people ORDER BY id'), names);
    });

    it('gives way to a replace', async () => {
      const { sinks } = await run('snapshot');
      assert.equal(sinks[0]?.version, 3);
      const folder = join(project.root, 'data', 'snapshot', 'current');
      const [file = ''] = await readdir(folder);
      assert.equal((await readFile(join(folder, file), 'utf8')).trim().split('\n').length, 11);
    });

    it('is published by a rerun, of a run that was cancelled between two sinks', async () => {
      const left = oldRun('halves');
      assert.deepEqual([left.outcome, left.left?.sinks], ['cancelled', ['second']]);
      const { said } = await succeeds('rerun', left.run_key);
      const receipt = said as unknown as Receipt;
      assert.deepEqual([receipt.rows_read, receipt.completed], [0, [left.run_key]]);
      for (const name of ['first', 'second']) {
        assert.deepEqual(await idsIn(`halves-${name}`, 'events'), upTo(8));
      }
    });

    it('is published by the next run, of one that failed between two sinks', async () => {
      const left = oldRun('both');
      assert.deepEqual([left.outcome, left.left?.sinks], ['failed', ['second']]);
      const second = join(project.root, 'data', 'both-second.duckdb');
      await onDuckdb(second, "ALTER TABLE events ALTER note TYPE VARCHAR USING 'a number'");
      const receipt = await run('both');
      assert.deepEqual([receipt.rows_read, receipt.completed], [2, [left.run_key]]);
      for (const name of ['first', 'second']) {
        assert.deepEqual(await idsIn(`both-${name}`, 'events'), upTo(10));
      }
    });

    it('needs no change of its schedule, which stays paused', async () => {
      const plan = await project.beamline('schedule', 'plan', '--exit-code');
      assert.equal(plan.status, 0, JSON.stringify(plan.said));
      const { said } = await succeeds('schedule', 'list');
      const [schedule] = said['schedules'] as Record<string, unknown>[];
      assert.deepEqual(
        [schedule?.['name'], schedule?.['paused'], schedule?.['note']],
        ['snapshot-yearly', true, 'Paused: until the spring'],
      );
    });

    it('is no orphan', async () => {
      const found = await project.beamline('orphans', '--exit-code');
      assert.equal(found.status, 0, JSON.stringify(found.said));
    });

    const list = async (): Promise<Listed[]> =>
      (await succeeds('list', '--limit', '100')).said['runs'] as Listed[];

    const leftOpen = async (): Promise<Listed[]> =>
      (await list()).filter(({ pipeline }) => ['jobs', 'open', 'slow'].includes(pipeline));

    /** The last run of a pipeline that the older version ended. */
    function oldRun(pipeline: string): Receipt {
      const found = project.receipts.findLast((receipt) => receipt.pipeline === pipeline);
      assert.ok(found, pipeline);
      return found;
    }

    async function succeeds(...args: string[]): Promise<{ said: Record<string, unknown> }> {
      const { status, said, stderr } = await project.beamline(...args);
      assert.equal(status, 0, `${args.join(' ')}: ${stderr} ${JSON.stringify(said)}`);
      return { said: said as Record<string, unknown> };
    }

    async function run(name: string): Promise<Receipt> {
      return (await succeeds('run', `configs/${name}.yaml`)).said as unknown as Receipt;
    }

    const idsIn = (database: string, table: string) =>
      idsOf(`FROM ${table}`, join(project.root, 'data', `${database}.duckdb`));

    const idsInCloud = async (table: string) =>
      (await inCloud(`SELECT id FROM demo.${table} ORDER BY id`)).map(Number);

    async function inCloud(sql: string): Promise<(string | null)[]> {
      const { said } = await succeeds('dev', 'query', sql);
      return (said['rows'] as string[][]).map(([value]) => value ?? null);
    }
  });
}

async function idsOf(from: string, file = ':memory:'): Promise<number[]> {
  const rows = await onDuckdb(file, `SELECT id::INTEGER AS id ${from} ORDER BY id`);
  return rows.map(({ id }) => Number(id));
}

/** All at once. */
async function forEach(names: string[], check: (name: string) => Promise<void>): Promise<void> {
  await Promise.all(names.map(check));
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const isEnd = (state: string) => ['succeeded', 'failed', 'cancelled'].includes(state);
