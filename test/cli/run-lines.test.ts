import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt, RunSnapshot } from '../../src/client/index.js';
import { RunFailed } from '../../src/client/index.js';
import { adviceOf } from '../../src/cli/lines/advice.js';
import { statusLines } from '../../src/cli/commands/runs/status.js';
import { failureLines } from '../../src/cli/lines/failure-lines.js';
import { duration, rate } from '../../src/cli/terminal/format.js';
import { costText, jobFacts } from '../../src/cli/lines/job-lines.js';
import { createBars, stepLine } from '../../src/cli/follow/bars.js';
import { eventsBetween, standingText } from '../../src/cli/follow/events.js';
import { createLines } from '../../src/cli/follow/lines.js';
import { headline, receiptLines, summaryLines } from '../../src/cli/lines/receipt-lines.js';
import { noWorker } from '../../src/client/look/trouble.js';
import { failureTypes } from '../../src/shared/failures.js';
import { writtenFacts } from '../../src/shared/run/published-facts.js';
import { snapshot } from '../support/run-snapshot.js';

const sink: Receipt['sinks'][number] = {
  name: 'warehouse',
  module: 'duckdb',
  mode: 'replace',
  destination: 'duckdb:store:/data/w.duckdb#main.orders',
  location: 'main.orders in w.duckdb',
  rows: 1000,
  bytes: 8000,
  state: 'published',
  version: 3,
};
const receipt: Receipt = {
  version: 1,
  outcome: 'succeeded',
  run_key: 'q4kx7mw2ta',
  workflow_id: 'orders-20261124t030411-k3f9a',
  run_id: '01a20ba0-47b8-78f4-9811-09e4f1a4d17e',
  pipeline: 'orders',
  config: 'orders.yaml',
  plan_sha256: 'ab'.repeat(32),
  runner: 'local',
  args: { day: '2026-01-01' },
  profiles: null,
  store: { id: 'b7acbcdcd7', host: 'etl-1' },
  started_at: '2026-11-24T03:04:11.000Z',
  finished_at: '2026-11-24T03:04:14.100Z',
  duration_ms: 3100,
  attempts: 1,
  rows_read: 336792,
  rows_staged: 1000,
  rows_rejected: 0,
  steps: [
    {
      name: 'orders',
      kind: 'source',
      module: 'postgres',
      rows_in: null,
      rows_out: 336792,
      rows_rejected: 0,
      consistency: 'snapshot',
    },
  ],
  sinks: [sink],
};

/** A terminal that keeps what is written to it. */
class Terminal {
  readonly written: string[] = [];
  readonly tty: NodeJS.WriteStream;

  constructor(columns: number) {
    const stream = new Writable({
      write: (chunk, _encoding, done) => {
        this.written.push(String(chunk));
        done();
      },
    });
    this.tty = Object.assign(stream, {
      isTTY: true,
      columns,
      rows: 24,
    }) as unknown as NodeJS.WriteStream;
  }
}

function fate(change: Partial<Receipt['sinks'][number]>): string {
  return summaryLines({ ...receipt, sinks: [{ ...sink, ...change }] }, null)[1] ?? '';
}

function failed(change: Partial<RunFailed>): string[] {
  return failureLines(
    new RunFailed({
      runKey: 'q4kx7mw2ta',
      outcome: 'failed',
      type: 'AuthenticationError',
      message: 'password authentication failed for user "etl"',
      step: 'orders',
      receipt: { ...receipt, outcome: 'failed', sinks: [{ ...sink, state: 'unpublished' }] },
      ...change,
    }),
    null,
    [{ name: 'orders', kind: 'source', module: 'postgres' }],
  );
}

function step(rows: number, done = false): RunSnapshot['steps'][string] {
  return {
    kind: 'source',
    rows,
    bytes: 0,
    total_rows: 336_776,
    done,
  };
}

describe('numbers for people', () => {
  it('writes durations in the unit that fits', () => {
    const times = [0, 420, 9_949, 9_950, 59_400, 252_000, 7_500_000, 273_600_000];
    assert.deepEqual(times.map(duration), [
      '0.0 s',
      '0.4 s',
      '9.9 s',
      '10 s',
      '59 s',
      '4 min 12 s',
      '2 h 5 min',
      '3 d 4 h',
    ]);
  });

  it('writes rates in the unit that fits', () => {
    assert.deepEqual([0, 999, 411_900, 999_600, 12_340_000].map(rate), [
      '0/s',
      '999/s',
      '412k/s',
      '1.0M/s',
      '12.3M/s',
    ]);
  });
});

describe('the summary of a run', () => {
  it('says how it ended, what became of each sink, and what to type next', () => {
    assert.deepEqual(summaryLines(receipt, 'http://ui/run'), [
      'succeeded in 3.1 s   read 336,792 rows · staged 1,000 · rejected 0',
      '  warehouse  sink duckdb  replaced main.orders in w.duckdb: 1,000 rows, version 3',
      '  receipt   beamline receipt q4kx7mw2ta',
      '  timeline  http://ui/run',
    ]);
  });

  it('counts nothing of a run that ended before its rows were counted', () => {
    const early: Receipt = { ...receipt, outcome: 'failed', rows_read: 0, steps: [] };
    assert.equal(headline(early), 'failed after 3.1 s');
  });

  it('says of each sink whether it was touched', () => {
    assert.match(
      fate({ mode: 'append', rows: 1 }),
      /appended to main\.orders .*: 1 row, version 3/,
    );
    assert.match(
      fate({ mode: 'merge', rows: 1000, replaced: 990 }),
      /merged into main\.orders .*: 1,000 rows in place of 990, version 3/,
    );
    assert.match(fate({ state: 'kept' }), /kept main\.orders in w\.duckdb as it was/);
    assert.match(fate({ state: 'unpublished' }), /left main\.orders in w\.duckdb as it was/);
    assert.match(fate({ state: 'uncertain' }), /may have changed main\.orders/);
  });

  it('tells what a sink in the job wrote, and what a row does that is written again', () => {
    const told = { name: 'told', module: 'feed', bytes: 9, idempotence: 'at-least-once' } as const;
    const lines = (written: Pick<NonNullable<Receipt['written']>[number], 'state' | 'rows'>) =>
      receiptLines({ ...receipt, written: [{ ...told, ...written }] }).at(-1) ?? '';
    assert.match(
      lines({ state: 'written', rows: 1000 }),
      /told +sink feed +wrote 1,000 rows while the job ran \(at-least-once\)$/,
    );
    assert.match(
      lines({ state: 'uncertain', rows: 0 }),
      /may have written any of the rows: the job began \(at-least-once\)$/,
    );
    assert.match(lines({ state: 'unwritten', rows: 0 }), /told +sink feed +wrote nothing$/);
    const said = (state: 'written' | 'uncertain' | 'unwritten') =>
      writtenFacts([{ ...told, rows: 0, state }]);
    assert.equal(said('written'), 'told wrote its rows while the job ran (at-least-once).');
    assert.equal(
      said('uncertain'),
      'told may have written some of its rows while the job ran (at-least-once).',
    );
    assert.equal(said('unwritten'), '');
    assert.equal(writtenFacts(), '');
  });

  it('shows all of a receipt', () => {
    const lines = receiptLines({ ...receipt, rerun_of: 'aaaaaaaaaa', attempts: 2 });
    assert.deepEqual(lines, [
      'run q4kx7mw2ta  orders  runner local',
      'succeeded in 3.1 s   read 336,792 rows · staged 1,000 · rejected 0',
      '  config    orders.yaml',
      '  args      day = "2026-01-01"',
      `  plan      ${'ab'.repeat(32)}`,
      '  rerun of  aaaaaaaaaa',
      '  started   2026-11-24 03:04:11Z',
      '  finished  2026-11-24 03:04:14Z',
      '  attempts  2',
      '  workflow  orders-20261124t030411-k3f9a',
      '  store     b7acbcdcd7 on etl-1',
      '',
      '  step    module           rows in  rows out  rejected',
      '  orders  source postgres            336,792         0  snapshot',
      '',
      '  warehouse  sink duckdb  replaced main.orders in w.duckdb: 1,000 rows, version 3',
    ]);
  });
});

describe('a failed run', () => {
  it('says where, the cause, whether a retry helps, what to type, and what is untouched', () => {
    assert.deepEqual(failed({}), [
      'failed after 3.1 s in orders (source postgres)',
      'cause     password authentication failed for user "etl"',
      'retry     will not help until the user, the password or the database is right',
      'next      beamline connections test --config orders.yaml, then beamline rerun q4kx7mw2ta',
      'Nothing was published. What was staged is removed.',
    ]);
  });

  it('names the profiles and the arguments that the run was given', () => {
    const given = { ...receipt, profiles: '/etc/shop.json', sinks: [] };
    assert.equal(
      failed({ receipt: given })[3],
      'next      beamline connections test --config orders.yaml --profile /etc/shop.json, then beamline rerun q4kx7mw2ta',
    );
    assert.equal(
      failed({ receipt: given, type: 'SqlError' })[3],
      'next      correct the SQL, or make what it names, then beamline run orders.yaml --arg day=2026-01-01 --profile /etc/shop.json',
    );
    assert.doesNotMatch(
      failed({ receipt: { ...given, profiles: '/app/.connections.json' } })[3] ?? '',
      /--profile/,
    );
  });

  it('does not send to `validate` who has passed it', () => {
    const given = { ...receipt, sinks: [], args: {} };
    assert.equal(
      failed({ receipt: given, type: 'ConfigError' })[3],
      'next      correct it, then beamline run orders.yaml',
    );
    assert.equal(
      failed({ receipt: { ...given, plan_sha256: null }, type: 'ConfigError' })[3],
      'next      beamline validate orders.yaml, then beamline run orders.yaml',
    );
  });

  it('shows the end of standard error where the cause is not known', () => {
    const evidence = ['loading', '  File "x.py", line 1', 'Killed'];
    const lines = failed({ type: 'BeamCrashed', message: 'ended by signal SIGKILL', evidence });
    assert.deepEqual(lines.slice(2, 5), [
      'evidence  loading',
      '            File "x.py", line 1',
      '          Killed',
    ]);
  });

  it('leaves out the traceback of a cause that it has said', () => {
    const evidence = ['Traceback (most recent call last):', '  File "x.py"', 'E: no such table'];
    const lines = failed({ type: 'SqlError', message: 'no such table', evidence });
    assert.ok(!lines.some((line) => line.startsWith('evidence')), lines.join('\n'));
  });

  it('names what was published before it failed, and what is untouched', () => {
    const sinks = [sink, { ...sink, name: 'lake', state: 'unpublished' as const }];
    assert.equal(
      failed({ receipt: { ...receipt, sinks } }).at(-1),
      'Published: warehouse. Untouched: lake. What was staged is removed.',
    );
  });

  it('promises no cleaning up after a termination', () => {
    const lines = failed({ outcome: 'terminated', type: 'Terminated' });
    assert.match(lines.at(-1) ?? '', /may be left behind/);
  });

  it('has its cause in one line of `status`, and the command that says more', () => {
    const ended = { ...snapshot, state: 'failed', closed_at: '2026-11-24T03:04:14.100Z' } as const;
    const of = (change: Partial<RunFailed>): string[] =>
      statusLines(
        { key: 'q4kx7mw2ta', url: null },
        ended,
        { ...receipt, outcome: 'failed', steps: [], sinks: [] },
        { absent_host: null, held_by: [] },
        new RunFailed({
          runKey: 'q4kx7mw2ta',
          outcome: 'failed',
          type: 'SqlError',
          message: 'no such table: ordres\nLINE 1: select',
          step: 'delays',
          ...change,
        }),
      );
    const lines = of({});
    assert.ok(lines.includes('  cause     delays: no such table: ordres …'), lines.join('\n'));
    assert.deepEqual(lines.slice(-2), [
      '  next      beamline explain q4kx7mw2ta',
      '            beamline receipt q4kx7mw2ta',
    ]);
    assert.doesNotMatch(of({ outcome: 'cancelled' }).join('\n'), /cause|explain/);
  });

  it('has advice for every failure type that agrees with whether it is retried', () => {
    for (const [type, { retryable }] of Object.entries(failureTypes)) {
      const { retry, next } = adviceOf(type, {
        runKey: 'q4kx7mw2ta',
        started: { file: 'a.yaml', options: {} },
      });
      assert.match(next, /beamline (rerun|run|logs|validate)/, type);
      if (retryable) assert.doesNotMatch(retry, /will not help/, type);
    }
  });
});

describe("a run's Dataflow job", () => {
  const job: NonNullable<Receipt['job']> = {
    project: 'p',
    region: 'us-central1',
    job_id: '2026-11-24_19_04_11-1',
    job_name: 'orders-20261124t0304-q4kx7mw2ta-2',
    state: 'JOB_STATE_FAILED',
    url: 'https://console.cloud.google.com/dataflow/jobs/us-central1/2026-11-24_19_04_11-1?project=p',
    launch: 2,
    metrics: {
      rows: {},
      vcpuHours: 0.1234,
      memoryGbHours: 12.3,
      diskGbHours: null,
      shuffleGb: 0,
    },
    cost: { amount: 0.0223, currency: 'USD', prices: '2026-11-25' },
    failure: {
      cause: 'database_login',
      message: 'password authentication failed for user "etl"',
      retryHelps: false,
      next: 'correct the profile',
      evidence: [
        {
          time: '2026-11-24T03:04:11Z',
          importance: 'error',
          text: 'Traceback\n  File\nE: refused',
        },
      ],
    },
  };
  const ofDataflow: Receipt = {
    ...receipt,
    runner: 'dataflow',
    outcome: 'failed',
    sinks: [{ ...sink, state: 'unpublished' }],
    job,
  };

  it('is shown with its console, what it used and what that cost', () => {
    assert.deepEqual(
      jobFacts({ ...job, force_cancelled: true }).map(([name, value]) => `${name}: ${value}`),
      [
        'job: orders-20261124t0304-q4kx7mw2ta-2  failed, launch 2, cancelled by force',
        'job id: 2026-11-24_19_04_11-1 in us-central1',
        `console: ${job.url}`,
        'used: 0.12 vCPU hours · 12 GB hours of memory',
        'cost: about $0.02 (list prices of 2026-11-25)',
      ],
    );
  });

  it('is shown by the name alone while its id is not known', () => {
    const { metrics: _, cost: __, failure: ___, ...bare } = job;
    assert.deepEqual(jobFacts({ ...bare, job_id: '', launch: 1, state: 'JOB_STATE_QUEUED' }), [
      ['job', `${job.job_name}  queued`],
    ]);
  });

  it('costs in words that promise nothing', () => {
    assert.deepEqual(
      (
        [
          [0.004, 'USD'],
          [0.02, 'USD'],
          [1234.5, 'USD'],
          [1.5, 'EUR'],
        ] as const
      ).map(([amount, currency]) => costText({ amount, currency, prices: 'settings' })),
      ['less than $0.01', 'about $0.02', 'about $1234.50', 'about 1.50 EUR'],
    );
  });

  it('is in the receipt and in the summary', () => {
    for (const lines of [receiptLines(ofDataflow), summaryLines(ofDataflow, null)]) {
      assert.ok(lines.includes(`  console   ${job.url}`), lines.join('\n'));
      assert.ok(lines.includes('  cost      about $0.02 (list prices of 2026-11-25)'));
    }
  });

  it('says why it failed, and what to type', () => {
    assert.deepEqual(failed({ receipt: ofDataflow }), [
      'failed after 3.1 s in orders (source postgres) → Dataflow job orders-20261124t0304-q4kx7mw2ta-2',
      'cause     database login: password authentication failed for user "etl"',
      'evidence  job message 03:04:11Z: E: refused',
      'retry     will not help until the user, the password or the database is right',
      'next      beamline connections test --config orders.yaml, then beamline rerun q4kx7mw2ta',
      'job       failed, launch 2',
      `console   ${job.url}`,
      'Nothing was published. What was staged is removed. The job cost about $0.02.',
    ]);
  });

  it('has as evidence what was raised, if the cause does not say it', () => {
    const message = 'transform numbers: not a number, at line 1, column 8:\n  select x\n         ^';
    const text = `Traceback\n  File\nbeam_pipeline.errors.DataError: ${message} [while running 'numbers']`;
    const evidenceOf = (cause: string): string[] => {
      const evidence = [{ time: '2026-11-24T03:04:11Z', importance: 'error' as const, text }];
      const rest = { cause: 'schema_mismatch', retryHelps: false, next: 'correct it' } as const;
      const failure = { ...rest, message: cause, evidence };
      const lines = failed({ receipt: { ...ofDataflow, job: { ...job, failure } } });
      return lines.filter((line) => line.startsWith('evidence'));
    };
    assert.deepEqual(evidenceOf('the job failed'), [
      'evidence  job message 03:04:11Z: beam_pipeline.errors.DataError: transform numbers: not a number, at line 1, column 8:',
    ]);
    assert.deepEqual(evidenceOf(message), []);
  });

  it('says what its cause asks for, where no command of ours can tell', () => {
    const quota = {
      ...job.failure,
      cause: 'quota' as const,
      message: "Quota 'CPUS' exceeded.",
      retryHelps: true,
      next: 'raise the quota',
      evidence: [],
    };
    const lines = failed({
      type: 'JobFailed',
      receipt: { ...ofDataflow, job: { ...job, failure: quota } },
    });
    assert.deepEqual(lines.slice(1, 4), [
      "cause     quota: Quota 'CPUS' exceeded.",
      'retry     may help if the cause has passed',
      'next      raise the quota; then beamline rerun q4kx7mw2ta',
    ]);
    const memory = {
      ...quota,
      cause: 'out_of_memory' as const,
      next: 'set a larger machine',
      inConfig: true as const,
    };
    assert.equal(
      failed({
        type: 'JobFailed',
        receipt: { ...ofDataflow, job: { ...job, failure: memory } },
      })[3],
      'next      set a larger machine; then beamline run orders.yaml --arg day=2026-01-01 --runner dataflow',
    );
  });
});

describe('progress', () => {
  const lines: string[] = [];
  let time = 0;
  const view = (): ReturnType<typeof createLines> => {
    lines.length = 0;
    time = Date.parse('2026-11-24T03:04:11Z');
    return createLines(
      (line) => lines.push(line),
      () => new Date(time),
    );
  };

  it('is one line per event with its time where there is no terminal', () => {
    const shown = view();
    shown.show({ ...snapshot, state: 'queued' });
    time += 1_000;
    shown.show({ ...snapshot, steps: { flights: step(0) } });
    time += 1_000;
    shown.show({ ...snapshot, steps: { flights: step(100_000) } });
    time += 9_000;
    shown.show({ ...snapshot, steps: { flights: step(200_000) } });
    shown.show({ ...snapshot, steps: { flights: step(336_776, true) } });
    shown.end(receipt);
    assert.deepEqual(lines, [
      '03:04:11Z  queued',
      '03:04:12Z  running',
      '03:04:22Z  flights  200,000 of 336,776 rows  59%  11k/s',
      '03:04:22Z  flights  336,776 rows  done',
      '03:04:22Z  orders  336,792 rows  done',
      '03:04:22Z  warehouse  1,000 rows  done',
    ]);
  });

  it('says of a step once that it is done, also where the run tells no more of its steps', () => {
    const shown = view();
    shown.show({ ...snapshot, steps: { orders: step(336_792, true) } });
    shown.show({ ...snapshot, state: 'publishing', steps: {} });
    shown.show({ ...snapshot, state: 'publishing', steps: { orders: step(336_792, true) } });
    shown.end(receipt);
    assert.equal(lines.filter((line) => line.includes('orders')).length, 1, lines.join('\n'));
  });

  it('ends on a terminal with each step once, sinks too, with its final count', () => {
    const terminal = new Terminal(80);
    const bars = createBars([{ name: 'orders', kind: 'source', module: 'postgres' }], terminal.tty);
    bars.show({ ...snapshot, steps: { orders: step(100) } });
    bars.show({ ...snapshot, state: 'publishing', steps: {} });
    terminal.written.length = 0;
    bars.end(receipt);
    bars.end();
    const [, last = ''] = terminal.written.join('').split('\u001B[0J');
    assert.deepEqual(last.split('\n'), [
      '  orders     source postgres  336,792 rows',
      '  warehouse  sink duckdb      1,000 rows',
      '',
    ]);
  });

  it('draws no more bars than the terminal has lines', async () => {
    const terminal = new Terminal(80);
    const names = Array.from({ length: 40 }, (_, index) => `t${index}`);
    const bars = createBars([], terminal.tty);
    bars.show({ ...snapshot, steps: Object.fromEntries(names.map((name) => [name, step(1)])) });
    bars.show({ ...snapshot, steps: Object.fromEntries(names.map((name) => [name, step(2)])) });
    await sleep(500);
    bars.end();
    const [drawn = '', last = ''] = terminal.written.join('').split('\u001B[0J');
    assert.match(drawn, /t20 /);
    assert.doesNotMatch(drawn, /t21 /);
    assert.match(drawn, /and 19 more steps/);
    assert.equal(last.split('\n').length, 41);
  });

  it('says once why an attempt failed, and that another follows', () => {
    const failure = { type: 'ConnectionLost', message: 'nothing answers\nat all' };
    const retried = (running: boolean, attempt = 2): RunSnapshot => ({
      ...snapshot,
      activity: {
        name: 'runBeam',
        attempt,
        most_attempts: 12,
        next_at: running ? null : new Date(Date.now() + 20_000).toISOString(),
        running,
        last_failure: failure,
      },
    });
    assert.deepEqual(eventsBetween(snapshot, retried(false)), [
      {
        kind: 'trouble',
        text: 'runBeam attempt 1 failed: ConnectionLost: nothing answers; attempt 2 of 12 in 20 s',
      },
      { kind: 'trouble', text: '`beamline connections test` tries the connections' },
    ]);
    assert.deepEqual(eventsBetween(retried(false), retried(true)), []);
    assert.deepEqual(eventsBetween(retried(true), retried(false, 3)), [
      { kind: 'trouble', text: 'attempt 2 failed in the same way; attempt 3 of 12 in 20 s' },
    ]);
  });

  it('leaves it to the summary to say how the run ended', () => {
    assert.deepEqual(eventsBetween(snapshot, { ...snapshot, state: 'succeeded' }), []);
  });

  it('names the destination that another run holds', () => {
    const queued: RunSnapshot = { ...snapshot, state: 'queued' };
    const [event] = eventsBetween(queued, { ...queued, waiting_for: ['duckdb:a'] });
    assert.equal(event?.text, 'waits for duckdb:a');
    const known: RunSnapshot = {
      ...queued,
      waiting_for: ['duckdb:a'],
      held_by: [
        { destination: 'duckdb:a', run_key: 'aaaaaaaaaa', workflow_id: 'w', absent_host: null },
      ],
      sinks: [
        {
          name: 'orders',
          module: 'duckdb',
          destination: 'duckdb:a',
          location: 'orders in data/shop.duckdb',
          state: 'unpublished',
          rows: 0,
        },
      ],
    };
    const text = 'waits for orders in data/shop.duckdb, which run aaaaaaaaaa has';
    assert.deepEqual(eventsBetween({ ...queued, waiting_for: ['duckdb:a'] }, known), [
      { kind: 'trouble', text },
    ]);
    assert.equal(standingText(known), `queued, ${text}`);
    assert.deepEqual(eventsBetween(known, known), []);
  });

  it('says what keeps a run from going on, and that it does again', () => {
    const stuck = { ...snapshot, stuck: noWorker };
    assert.deepEqual(eventsBetween(snapshot, stuck), [{ kind: 'trouble', text: noWorker }]);
    assert.equal(standingText(stuck), `running, ${noWorker}`);
    assert.deepEqual(eventsBetween(stuck, snapshot), [{ kind: 'trouble', text: 'goes on' }]);
    const ended: RunSnapshot = { ...snapshot, state: 'succeeded' };
    assert.deepEqual(eventsBetween(stuck, ended), []);
  });

  it('draws a percentage only where the total is known', () => {
    const steps = [{ name: 'flights', kind: 'source' as const, module: 'postgres' }];
    assert.equal(
      stepLine(steps, 'flights', step(168_388), 411_900, 120),
      '  flights  source postgres  ██████████░░░░░░░░░░  168,388 of 336,776 rows  50%  412k/s',
    );
    const unknown = { kind: 'source' as const, rows: 168_388, bytes: 0, done: false };
    assert.equal(
      stepLine(steps, 'flights', unknown, null, 120),
      '  flights  source postgres  ····················  168,388 rows',
    );
    const narrow = stepLine(steps, 'flights', step(336_775), 411_900, 80);
    assert.equal(narrow, '  flights  source postgres  336,775 of 336,776 rows  99%  412k/s');
  });
});
