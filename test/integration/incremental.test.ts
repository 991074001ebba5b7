import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { rerunInputOf } from '../../src/client/rerun.js';
import { storedReceipt } from '../../src/client/look/stored-receipts.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import type { RunPipelineInput } from '../../src/shared/run/run-input.js';
import { onDuckdb } from '../destinations/support.js';
import type { ReadyChild } from '../support/child.js';
import { query, startRun } from '../support/pipeline.js';
import { until } from '../support/until.js';
import {
  profileOf,
  startDatabase,
  startTemporal,
  startWorker,
  temporaryRoot,
  type Database,
  type WorkerReady,
} from '../support/stack.js';

/** A type that the rows' values, and not their columns, do not fit: only the publish finds it. */
const onlyBlocked = "ENUM('blocked')";

describe('an incremental pipeline with two sinks, with real servers and Beam', function () {
  this.timeout(90_000);
  let environment: TestWorkflowEnvironment;
  let database: ReadyChild<Database>;
  let worker: ReadyChild<WorkerReady>;
  let root: string;
  let remove: () => Promise<void>;

  before(async () => {
    [environment, database, { root, remove }] = await Promise.all([
      startTemporal(),
      startDatabase('postgres'),
      temporaryRoot(),
    ]);
    const profiles = { shop: profileOf(database.ready) };
    await writeFile(join(root, '.connections.json'), JSON.stringify(profiles));
    await writeFile(join(root, 'events.yaml'), config);
    await sql(`CREATE TABLE events (id bigint, note text);
      INSERT INTO events SELECT n, 'note ' || n FROM generate_series(1, 5) n;
      INSERT INTO events VALUES (NULL, 'of no window')`);
    worker = await startWorker(environment, root);
  });
  after(async () => {
    await worker?.end();
    await database?.end();
    await environment?.teardown();
    await remove?.();
  });

  it('loads everything first, and says so', async () => {
    const receipt = await run();
    assert.equal(receipt.windows?.['events']?.basis, 'everything');
    assert.match(receipt.notes?.join('\n') ?? '', /a full first load/);
    assert.match(receipt.notes?.join('\n') ?? '', /1 row has no `id` and belongs to no window/);
    assert.deepEqual(await both(), [5, 5]);
  });

  it('then reads only what is new', async () => {
    await sql("INSERT INTO events VALUES (6, 'six'), (7, 'seven')");
    const receipt = await run();
    const { low, high, basis } = receipt.windows?.['events'] ?? {};
    assert.deepEqual([low, high, basis, receipt.rows_read], ['6', '8', 'record', 2]);
    assert.deepEqual(await both(), [7, 7]);
  });

  it('finds nothing new, and changes nothing', async () => {
    const receipt = await run();
    assert.equal(receipt.rows_read, 0);
    assert.deepEqual(await both(), [7, 7]);
  });

  it('keeps what the second sink could not take, and the next run publishes it first', async () => {
    await sql("INSERT INTO events VALUES (8, 'eight')");
    await block();
    const failed = await fails({ config: 'events.yaml' });
    assert.deepEqual(failed.left?.sinks, ['second']);
    assert.deepEqual(await both(), [8, 7]);
    await unblock();
    await sql("INSERT INTO events VALUES (9, 'nine')");
    const receipt = await run();
    assert.deepEqual(receipt.completed, [failed.run_key]);
    assert.equal(receipt.windows?.['events']?.low, '9');
    assert.deepEqual(await both(), [9, 9]);
    assert.deepEqual(await readdir(join(root, '.beamline', 'store', 'staging')), []);
    await saysWhoFinished(failed, receipt);
  });

  it('is finished by a rerun, which reads nothing', async () => {
    await sql("INSERT INTO events VALUES (10, 'ten')");
    await block();
    const failed = await fails({ config: 'events.yaml' });
    await unblock();
    await sql("UPDATE events SET note = 'changed since' WHERE id = 10");
    const receipt = await run(rerunInputOf(failed, { again: false }));
    assert.deepEqual([receipt.rows_read, receipt.completed], [0, [failed.run_key]]);
    assert.deepEqual(await both(), [10, 10]);
    assert.deepEqual(await onDuckdb(second, 'SELECT note FROM events WHERE id = 10'), [
      { note: 'ten' },
    ]);
    await saysWhoFinished(failed, receipt);
  });

  it('never merges what was read before over what was read later, whatever is typed when', async () => {
    await writeFile(join(root, 'merged.yaml'), merged);
    const input = { config: 'merged.yaml' };
    await sql("CREATE TABLE changing AS SELECT 2::bigint AS id, 'read first' AS note");
    await onDuckdb(second, `CREATE TABLE merged (id BIGINT, note ${onlyBlocked})`);
    const failed = await fails(input);
    assert.deepEqual(failed.left?.sinks, ['second']);
    await unblock('merged');
    await sql("UPDATE changing SET note = 'read later'");
    await run(input);
    const newest = [{ id: 2, note: 'read later' }];
    assert.deepEqual(await secondRows(), newest);
    const refused = await fails(rerunInputOf(failed));
    assert.equal(refused.failure?.type, 'NewerCommitted');
    assert.deepEqual(await secondRows(), newest);
    assert.deepEqual(rerunInputOf(refused), rerunInputOf(failed), 'a rerun of that does no more');
    await run(rerunInputOf(refused, { overNewer: true }));
    assert.deepEqual(await secondRows(), [{ id: 2, note: 'read first' }]);
  });

  it('refuses to append a window again, but for those who ask for it', async () => {
    const window = { start: '1', end: '3' };
    const started = await startRun(environment, { config: 'events.yaml', window });
    const error = await started.result().then(
      () => assert.fail('it was appended again'),
      (failed: WorkflowFailedError) => failed.cause as { type?: string; message: string },
    );
    assert.equal(error.type, 'WindowCommitted');
    assert.match(error.message, /Nothing was read\..*--again/);
    const { events } = await started.fetchHistory();
    const begun = (events ?? []).map(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name,
    );
    assert.ok(begun.includes('resolveWindows') && !begun.includes('runBeam'), begun.join());
    assert.deepEqual(await both(), [10, 10]);
    await run({ config: 'events.yaml', window, again: true });
    assert.deepEqual(await both(), [12, 12]);
  });

  it('loads everything again once its destinations are empty', async () => {
    await onDuckdb(first, 'DELETE FROM events');
    await onDuckdb(second, 'DROP TABLE events');
    const receipt = await run();
    assert.equal(receipt.windows?.['events']?.basis, 'everything');
    assert.deepEqual(await both(), [10, 10]);
  });

  it('takes no greatest value of another pipeline for its own', async () => {
    await writeFile(join(root, 'others.yaml'), config.replace('name: events', 'name: others'));
    const failed = await fails({ config: 'others.yaml' });
    assert.match(
      failed.failure?.message ?? '',
      /has rows of `events\.events` up to id 11, and no record of this source.*`initial_value`/,
    );
    assert.deepEqual(await both(), [10, 10]);
  });

  it('stands for the time that its schedule meant, however late it runs', async () => {
    const { client } = environment;
    const schedule = await client.schedule.create({
      scheduleId: 'events-hourly',
      spec: { cronExpressions: ['0 * * * *'] },
      state: { paused: true },
      action: {
        type: 'startWorkflow',
        workflowType: 'runPipeline',
        taskQueue: 'beamline',
        args: [{ config: 'events.yaml' }],
      },
    });
    const start = new Date('2026-03-01T02:30:00Z');
    await schedule.backfill({ start, end: new Date('2026-03-01T03:30:00Z'), overlap: 'ALLOW_ALL' });
    const runs = client.workflow.list({ query: "TemporalScheduledById = 'events-hourly'" });
    let receipt: Receipt | undefined;
    await until(async () => {
      for await (const { workflowId } of runs) {
        receipt = (await client.workflow.getHandle(workflowId).result()) as Receipt;
      }
      return receipt !== undefined;
    });
    await schedule.delete();
    assert.equal(receipt?.time, '2026-03-01T03:00:00.000Z');
  });

  it('asks a table that it does not know for the greatest value of each source, by its own column', async () => {
    const third = join(root, 'third.duckdb');
    await onDuckdb(third, 'CREATE TABLE pairs AS SELECT 4::BIGINT AS id, 9::BIGINT AS n');
    await writeFile(join(root, 'both.yaml'), ofTwoSources);
    const receipt = await run({ config: 'both.yaml' });
    const begins = Object.entries(receipt.windows ?? {}).map(([name, { low, basis }]) => [
      name,
      low,
      basis,
    ]);
    assert.deepEqual(begins, [
      ['by_id', '4', 'destination'],
      ['by_n', '9', 'destination'],
    ]);
  });

  it('goes on where it ended though the table lacks the column that it is read by', async () => {
    await writeFile(join(root, 'notes.yaml'), withoutTheColumn);
    await run({ config: 'notes.yaml' });
    const receipt = await run({ config: 'notes.yaml' });
    assert.equal(receipt.windows?.['rows']?.basis, 'record');
    assert.deepEqual(receipt.outcome, 'succeeded');
  });

  it('refuses a column of text, before anything is read', async () => {
    await writeFile(join(root, 'text.yaml'), config.replace('_column: id', '_column: note'));
    const failed = await fails({ config: 'text.yaml' });
    assert.match(
      failed.failure?.message ?? '',
      /parameters\.incremental_column.*`note` is text; a source is read in windows by/,
    );
  });

  const run = async (input: RunPipelineInput = { config: 'events.yaml' }): Promise<Receipt> =>
    (await startRun(environment, input)).result();

  /** The receipt of a run that must fail. */
  async function fails(input: RunPipelineInput): Promise<Receipt> {
    const started = await startRun(environment, input);
    const error = await started.result().then(
      () => assert.fail('the run succeeded'),
      (failed: WorkflowFailedError) => failed.cause as { details?: { run_key: string }[] },
    );
    const receipt = await storedReceipt(root, error.details?.[0]?.run_key ?? '');
    assert.ok(receipt);
    return receipt;
  }

  const sql = (text: string) => query(database.ready, text);
  const secondRows = () => onDuckdb(second, 'SELECT id::INTEGER AS id, note FROM merged');
  const block = () =>
    onDuckdb(
      second,
      `ALTER TABLE events ALTER note TYPE ${onlyBlocked} USING 'blocked'::${onlyBlocked}`,
    );
  const unblock = (table = 'events') =>
    onDuckdb(second, `ALTER TABLE ${table} ALTER note TYPE VARCHAR USING 'was blocked'`);

  /** Of a run that left a part: its receipt says who published that, and offers nothing any more. */
  async function saysWhoFinished(left: Receipt, by: Receipt): Promise<void> {
    const receipt = await storedReceipt(root, left.run_key);
    assert.equal(receipt?.left, undefined);
    const sink = receipt?.sinks.find(({ name }) => name === 'second');
    assert.deepEqual([sink?.state, sink?.rows, sink?.published_by], ['published', 1, by.run_key]);
  }

  const both = async () => {
    const counts = [first, second].map(async (file) => {
      const [row] = await onDuckdb(file, 'SELECT count(*)::INTEGER AS n FROM events');
      return row?.['n'];
    });
    return Promise.all(counts);
  };

  let first: string;
  let second: string;
  before(() => {
    first = join(root, 'first.duckdb');
    second = join(root, 'second.duckdb');
  });
});

const config = `
name: events
sources:
  - name: events
    module: postgres
    incremental: true
    parameters:
      profile: shop
      query: SELECT * FROM events
      incremental_column: id
      destination_sink_name: first
sinks:
  - name: first
    module: duckdb
    input: events
    mode: append
    parameters: { database: first.duckdb, table: events }
  - name: second
    module: duckdb
    input: events
    mode: append
    parameters: { database: second.duckdb, table: events }
`;

const merged = config
  .replace('name: events', 'name: merged')
  .replace('FROM events', 'FROM changing')
  .replaceAll('table: events', 'table: merged')
  .replaceAll('mode: append', 'mode: merge\n    merge_keys: [id]');

const ofTwoSources = `
name: both
sources:
  - name: by_id
    module: postgres
    incremental: true
    parameters: { profile: shop, query: 'SELECT id, id + 5 AS n FROM events', incremental_column: id }
  - name: by_n
    module: postgres
    incremental: true
    parameters: { profile: shop, query: 'SELECT id, id + 5 AS n FROM events', incremental_column: n }
transforms:
  - name: both
    module: sql
    inputs: [by_id, by_n]
    parameters: { sql: 'select * from by_id union all select * from by_n' }
sinks:
  - name: third
    module: duckdb
    input: both
    mode: append
    parameters: { database: third.duckdb, table: pairs }
`;

const withoutTheColumn = `
name: notes
sources:
  - name: rows
    module: postgres
    incremental: true
    parameters: { profile: shop, query: SELECT * FROM events, incremental_column: id }
transforms:
  - name: notes
    module: sql
    inputs: [rows]
    parameters: { sql: 'select note from rows' }
sinks:
  - name: fourth
    module: duckdb
    input: notes
    mode: append
    parameters: { database: fourth.duckdb, table: notes }
`;
