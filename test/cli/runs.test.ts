import assert from 'node:assert/strict';
import { on } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import type { Receipt, RunSnapshot, RunSummary } from '../../src/client/index.js';
import type { ReadyChild } from '../support/child.js';
import { duckdbRows, query, writeOrdersPipeline } from '../support/pipeline.js';
import {
  projectRoot,
  startDatabase,
  startTemporal,
  startWorker,
  temporaryRoot,
  type Database,
  type WorkerReady,
} from '../support/stack.js';

const slowQuery = 'SELECT i AS id, pg_sleep(0.01)::text AS note FROM generate_series(1, 6000) i';

describe('the commands of a run, with a real server, worker and database', function () {
  this.timeout(90_000);
  let environment: TestWorkflowEnvironment;
  let database: ReadyChild<Database>;
  let worker: ReadyChild<WorkerReady>;
  let root: string;
  let remove: () => Promise<void>;

  const start = (args: string[], env: Record<string, string> = {}) =>
    execa(process.execPath, [join(projectRoot, 'dist/src/cli/main.js'), ...args], {
      cwd: root,
      reject: false,
      env: { TEMPORAL_ADDRESS: environment.address, BEAMLINE_WEB_UI: 'http://ui.test/', ...env },
    });
  const beamline = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await start(args);
    return { exitCode, stdout, stderr };
  };
  const json = async <T>(...args: string[]): Promise<T> =>
    JSON.parse((await beamline(...args, '--json')).stdout) as T;
  const begin = async (): Promise<string> =>
    (await json<{ run_key: string }>('run', 'orders.yaml', '--detach')).run_key;
  const until = async (key: string, isReached: (look: RunSnapshot) => boolean): Promise<void> => {
    for (;;) {
      if (isReached(await json<RunSnapshot>('status', key))) return;
      await sleep(200);
    }
  };

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    [environment, database] = await Promise.all([startTemporal(), startDatabase('postgres')]);
    await query(
      database.ready,
      'CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 1000) i',
    );
  });
  after(async () => {
    await worker?.end();
    await database?.end();
    await environment?.teardown();
    await remove();
  });

  it('warns at once that no worker is there, and cancels when one comes', async () => {
    await writeOrdersPipeline(root, database.ready, { mode: 'replace' });
    const { exitCode, stdout, stderr } = await beamline('run', 'orders.yaml', '--detach');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^started [a-z2-7]{10}\n/);
    assert.match(stderr, /warning: no worker asks for work at .* \(task queue beamline\)/);
    assert.match(stderr, /beamline dev starts one/);
    const asked = await beamline('cancel', 'latest');
    assert.match(asked.stdout, /no worker is there: it cancels when one is/);
    worker = await startWorker(environment, root);
    await until('latest', ({ closed_at }) => closed_at !== null);
    assert.equal((await json<RunSnapshot>('status', 'latest')).state, 'cancelled');
  });

  it('runs, says each step in lines, and prints the receipt', async () => {
    await writeOrdersPipeline(root, database.ready, { mode: 'replace' });
    const { exitCode, stdout, stderr } = await beamline('run', 'orders.yaml');
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /^run orders {2}orders\.yaml {2}run [a-z2-7]{10}\n/);
    assert.match(stderr, /^\d\d:\d\d:\d\dZ {2}orders {2}1,000 rows {2}done$/m);
    assert.match(stdout, /^succeeded in .* read 1,000 rows · staged 1,000 · rejected 0\n/);
    assert.match(stdout, /replaced orders in warehouse\.duckdb: 1,000 rows, version 1/);
    assert.match(stdout, /timeline {2}http:\/\/ui\.test\/namespaces\/default\/workflows\/orders-/);
    assert.ok(
      !`${stdout}${stderr}`.includes('\u001B['),
      'no control characters without a terminal',
    );
  });

  it('prints nothing but the receipt with --json', async () => {
    const { exitCode, stdout, stderr } = await beamline('run', 'orders.yaml', '--json');
    const receipt = JSON.parse(stdout) as Receipt;
    assert.deepEqual(
      [exitCode, receipt.outcome, receipt.rows_read, stderr],
      [0, 'succeeded', 1000, ''],
    );
    assert.deepEqual(await json<Receipt>('receipt', receipt.run_key), receipt);
    assert.deepEqual(await json<Receipt>('receipt', receipt.workflow_id), receipt);
    assert.deepEqual(await json<Receipt>('receipt', 'latest'), receipt);
    const { runs } = await json<{ runs: (RunSummary & { rows: number })[] }>(
      'list',
      '--limit',
      '1',
    );
    const { run_key, pipeline, state, rows } = runs[0] as RunSummary & { rows: number };
    assert.deepEqual(
      [run_key, pipeline, state, rows],
      [receipt.run_key, 'orders', 'succeeded', 1000],
    );
    assert.match(
      (await beamline('list', '--pipeline', 'orders')).stdout,
      /^run +pipeline +runner +state/,
    );
    assert.match((await beamline('list', '--pipeline', "no'ne")).stdout, /^no run of no'ne/);
  });

  it('refuses a bad config before it asks anybody', async () => {
    await writeFile(join(root, 'bad.yaml'), 'name: bad\nsources: []\n');
    const { exitCode, stderr } = await start(['run', 'bad.yaml'], {
      TEMPORAL_ADDRESS: '127.0.0.1:1',
    });
    assert.equal(exitCode, 2);
    assert.match(stderr, /^bad\.yaml:2:10 +sources +must not be empty$/m);
    assert.match(stderr, /problems in 1 file\.$/);
  });

  it('exits with 3 and says what to do when Temporal is not there; receipts need none', async () => {
    const down = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const { exitCode, stderr } = await start(['run', 'orders.yaml'], down);
    assert.equal(exitCode, 3);
    assert.match(stderr, /cannot reach Temporal at 127\.0\.0\.1:1.*\n.*beamline dev/);
    const kept = await start(['receipt', 'latest'], down);
    assert.equal(kept.exitCode, 0);
    assert.match(kept.stdout, /^run [a-z2-7]{10} {2}orders {2}runner local\nsucceeded in/);
  });

  it('finds a receipt in Temporal when the store has lost it', async () => {
    const receipt = await json<Receipt>('receipt', 'latest');
    await rm(join(root, '.beamline/store/runs', receipt.run_key), { recursive: true });
    assert.deepEqual(await json<Receipt>('receipt', receipt.run_key), receipt);
  });

  it('names a near miss, and exits with 2', async () => {
    const { run_key } = await json<Receipt>('receipt', 'latest');
    const typo = `${run_key.slice(0, -1)}${run_key.endsWith('2') ? '3' : '2'}`;
    const { exitCode, stderr } = await beamline('status', typo);
    assert.equal(exitCode, 2);
    assert.match(stderr, new RegExp(`no run is named \`${typo}\`; did you mean \`${run_key}\`\\?`));
  });

  it('says the cause of a failure, that a retry is no help, and what is untouched', async () => {
    await writeOrdersPipeline(root, database.ready, { mode: 'replace', query: 'SELEC 1' });
    const { exitCode, stdout, stderr } = await beamline('run', 'orders.yaml');
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(stderr, /^failed after .* in orders \(source postgres\)$/m);
    assert.match(stderr, /^cause {5}.*syntax error/m);
    assert.match(stderr, /^retry {5}will not help until the SQL, or what it names, is changed$/m);
    assert.match(stderr, /^Nothing was published\./m);
    const { exitCode: code, stdout: text } = await beamline('run', 'orders.yaml', '--json');
    const { outcome, failure } = JSON.parse(text) as Receipt;
    assert.deepEqual([code, outcome, failure?.type], [1, 'failed', 'SqlError']);
  });

  it('runs the pinned plan again although the config was changed since', async () => {
    await writeOrdersPipeline(root, database.ready, { mode: 'append' });
    const first = await json<Receipt>('run', 'orders.yaml');
    await writeFile(join(root, 'orders.yaml'), 'this is no config any more');
    const refused = await beamline('rerun', first.run_key);
    assert.equal(refused.exitCode, 2);
    assert.match(
      refused.stderr,
      /it appended 1,000 rows to .* which would be there twice\n.*--again/,
    );
    const second = await json<Receipt>('rerun', first.run_key, '--again');
    assert.deepEqual(
      [second.outcome, second.rerun_of, second.plan_sha256, second.rows_staged],
      ['succeeded', first.run_key, first.plan_sha256, 1000],
    );
    const rows = await duckdbRows(
      join(root, 'warehouse.duckdb'),
      'SELECT count(*)::int AS n FROM orders',
    );
    assert.deepEqual(rows, [{ n: 3000 }]); // 1,000 replaced earlier, 1,000 appended twice.
  });

  it('cancels, waits until everything is cleaned, and exits as cancelled where it was awaited', async () => {
    await writeOrdersPipeline(root, database.ready, { mode: 'replace', query: slowQuery });
    const waiting = start(['run', 'orders.yaml']);
    await until('latest', ({ activity }) => activity?.name === 'runBeam' && activity.running);
    const { exitCode, stdout } = await beamline('cancel', 'latest', '--wait');
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /^run [a-z2-7]{10} cancelled after .*\ncause {5}somebody asked .*\nNothing was published\. What was staged/,
    );
    const explained = await beamline('explain', 'latest');
    assert.match(explained.stdout, /^cause {5}asked to cancel at \d{4}-.*Z by \d+@/m);
    assert.equal((await waiting).exitCode, 4);
    assert.match((await beamline('cancel', 'latest')).stdout, /has ended already: cancelled/);
  });

  it('leaves the run alone at Ctrl-C, and says how to come back; a second one cancels', async () => {
    const waiting = start(['run', 'orders.yaml']);
    await until('latest', ({ closed_at, state }) => closed_at === null && state === 'running');
    waiting.kill('SIGINT');
    const { exitCode, stderr } = await waiting;
    assert.equal(exitCode, 130);
    assert.match(stderr, /Ctrl-C again within 3 s cancels it/);
    assert.match(stderr, /detached: run [a-z2-7]{10} goes on/);
    assert.doesNotMatch(stderr, /Error|at .*\.js/);
    const watching = start(['status', 'latest', '--watch']);
    for await (const [text] of on(watching.stderr, 'data')) {
      if (/Z {2}\w/.test(String(text))) break; // It watches: a line of progress came.
    }
    watching.kill('SIGINT');
    await sleep(300);
    watching.kill('SIGINT');
    assert.equal((await watching).exitCode, 4);
  });

  it('shows the log attempt by attempt, and follows it to the end', async () => {
    await writeOrdersPipeline(root, database.ready, { mode: 'replace' });
    const key = await begin();
    const { exitCode, stdout } = await beamline('logs', key, '--follow');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^--- attempt 1-\S+ started \d{4}-/);
    const { attempts } = await json<{ attempts: { attempt: string }[] }>('logs', key);
    assert.match(attempts[0]?.attempt ?? '', /^1-/);
    assert.match((await beamline('logs', key)).stdout, /^attempt 1-\S+ {2}\d{4}-/);
  });
});
