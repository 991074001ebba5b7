import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { startStack, type Stack } from '../../src/dev/stack.js';
import type { RunStatus } from '../../src/shared/run/contract.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import type { RunPipelineInput } from '../../src/shared/run/run-input.js';
import { queryRows, requester, type BigQueryEmulator } from '../support/bigquery.js';
import type { ReadyChild } from '../support/child.js';
import { createHosts, isAlive, wake, type Hosts } from '../support/hosts.js';
import { query } from '../support/pipeline.js';
import { profileOf, startDatabase, temporaryRoot, type Database } from '../support/stack.js';
import { until } from '../support/until.js';

/** Two hosts that share no disk; the one that prepared the run is killed, and its disk is removed. */
describe('a host that is lost for good', function () {
  this.timeout(240_000);
  let stack: Stack;
  let remove: () => Promise<void>;
  let connection: Connection;
  let client: Client;
  let database: ReadyChild<Database>;
  let bigquery: BigQueryEmulator['request'];
  let tests = 0;

  before(async () => {
    const { root, remove: removeRoot } = await temporaryRoot();
    remove = removeRoot;
    [stack, database] = await Promise.all([
      startStack({ root, port: 0, uiPort: 0, gatewayPort: 0 }),
      startDatabase('postgres'),
    ]);
    connection = await Connection.connect({ address: stack.record.temporal.address });
    client = new Client({ connection });
    bigquery = requester(stack.record.bigquery?.endpoint ?? '');
    await query(
      database.ready,
      `CREATE TABLE orders AS SELECT i::bigint AS id, 'note ' || i AS note FROM generate_series(1, 50) i`,
    );
  });
  after(async () => {
    await connection?.close();
    await stack?.stop();
    await database?.end();
    await remove?.();
  });

  /** Done at the same time: each waits for processes most of its time. */
  const losses: Record<string, () => Promise<void>> = {
    'while its job runs: another host audits, publishes and keeps the receipt': async () => {
      await withHosts(async (hosts, start, table) => {
        await faults([
          { fault: 'queued', for_ms: 8_000, job_name: `^${hosts.taskQueue}-`, times: 1 },
        ]);
        const run = await start();
        await until(async () => Boolean((await status(run))?.job?.job_id));
        await hosts.lose(0);
        await hosts.start(1);
        await succeeded(run, hosts, table);
      });
    },
    'while it resolves the windows of the run: another host reads the profiles in the bucket':
      async () => {
        await withHosts(async (hosts, start, table) => {
          await hosts.arm('worker:probed', 'SIGKILL');
          const run = await start();
          await hosts.hit('worker:probed');
          await hosts.lose(0);
          await hosts.start(1);
          await succeeded(run, hosts, table);
        });
      },
    'while it publishes to BigQuery, and is cancelled: another host fences the table, which is free':
      async () => {
        await withHosts(async (hosts, start, table) => {
          await hosts.arm('publisher:before-commit', 'SIGSTOP');
          const run = await start({ runner: 'local' });
          const sleeper = await hosts.hit('publisher:before-commit');
          await hosts.lose(0);
          await giveProfiles(hosts, 1);
          await hosts.start(1);
          await run.cancel();
          const next = await start({ runner: 'local' });
          const receipt = (await next.result()) as Receipt;
          assert.deepEqual([receipt.outcome, receipt.sinks[0]?.version], ['succeeded', 2]);
          assert.deepEqual(await commits(table), ['fence', 'commit']);
          const events = (await run.fetchHistory()).events ?? [];
          const [fence] = events.flatMap((event) => {
            const activity = event.activityTaskScheduledEventAttributes;
            return activity?.activityType?.name === 'fence' ? [activity.taskQueue?.name] : [];
          });
          assert.equal(fence, hosts.taskQueue);
          wake(sleeper);
          await until(() => !isAlive(sleeper));
          assert.deepEqual(await commits(table), ['fence', 'commit']);
          await run.terminate();
        });
      },
  };
  const outcomes = new Map<string, Promise<void>>();
  before(() => {
    for (const [what, lose] of Object.entries(losses)) {
      const outcome = lose();
      outcome.catch(() => undefined); // Told by its test.
      outcomes.set(what, outcome);
    }
  });
  for (const what of Object.keys(losses)) it(what, () => outcomes.get(what));

  /** Another host ended the run, without a word to the queue of the one that is lost once that had uploaded. */
  async function succeeded(run: WorkflowHandle, hosts: Hosts, table: string): Promise<void> {
    const receipt = (await run.result()) as Receipt;
    assert.deepEqual([receipt.outcome, receipt.sinks[0]?.rows], ['succeeded', 50]);
    const lost = hosts.workers[0]?.ready.store ?? '';
    assert.equal(receipt.store?.id, lost);
    const rows = await queryRows(bigquery, 'beamline-dev', `SELECT COUNT(*) FROM \`${table}\``);
    assert.deepEqual(rows, [['50']]);
    const { events } = await run.fetchHistory();
    const onHost = (events ?? []).flatMap((event) => {
      const activity = event.activityTaskScheduledEventAttributes;
      return activity?.taskQueue?.name === hosts.taskQueue
        ? []
        : (activity?.activityType?.name ?? []);
    });
    assert.deepEqual(onHost, ['uploadRun']);
  }

  async function giveProfiles({ roots }: Hosts, host: number): Promise<void> {
    const profiles = { shop: profileOf(database.ready) };
    await writeFile(join(roots[host] ?? '', '.connections.json'), JSON.stringify(profiles));
  }

  async function commits(table: string): Promise<string[]> {
    const log = table.replace(/\.[^.]+$/, '._beamline_commits');
    const sql = `SELECT kind FROM \`${log}\` WHERE table_name = '${table.split('.').at(-1)}' ORDER BY version`;
    return (await queryRows(bigquery, 'beamline-dev', sql)).map(([kind]) => String(kind));
  }

  async function faults(list: object[]): Promise<void> {
    await fetch(`${stack.record.dataflow?.http}/emulator/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(list),
    });
  }

  /** A pipeline with a table of its own, on two hosts of which the first serves. */
  async function withHosts(
    body: (
      hosts: Hosts,
      start: (input?: Partial<RunPipelineInput>) => Promise<WorkflowHandle>,
      table: string,
    ) => Promise<void>,
  ): Promise<void> {
    const taskQueue = `lost-host-${++tests}`;
    const table = `beamline-dev.demo.orders_${tests}`;
    const { record } = stack;
    const hosts = await createHosts(record.temporal, taskQueue, 2, {
      ...record.environment,
      TEMPORAL_ADDRESS: record.temporal.address,
    });
    try {
      for (const root of hosts.roots) {
        await writeFile(join(root, 'orders.yaml'), pipelineOf(taskQueue, table));
      }
      await giveProfiles(hosts, 0);
      await hosts.start(0);
      let runs = 0;
      const start = (input: Partial<RunPipelineInput> = {}): Promise<WorkflowHandle> =>
        client.workflow.start('runPipeline', {
          taskQueue,
          workflowId: `${taskQueue}-${++runs}`,
          args: [
            { config: 'orders.yaml', runner: 'dataflow', allowPlaintextProfile: true, ...input },
          ],
        });
      await body(hosts, start, table);
    } catch (error) {
      for (const worker of hosts.workers) process.stderr.write(worker.stderr());
      throw error;
    } finally {
      await hosts.end();
    }
  }
});

/** Null while no worker answers. */
function status(run: WorkflowHandle): Promise<RunStatus | null> {
  return run.query<RunStatus>('status').catch(() => null);
}

function pipelineOf(name: string, table: string): string {
  return `name: ${name}
sources:
  - name: orders
    module: postgres
    incremental: true
    parameters:
      profile: shop
      query: SELECT id, note FROM orders
      incremental_column: id
      destination_sink_name: table
sinks:
  - name: table
    module: bigquery
    input: orders
    mode: append
    parameters: { table: ${table}, create_disposition: CREATE_IF_NEEDED }
`;
}
