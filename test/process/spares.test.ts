import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { recordProcess, startOf } from '../../src/process/process-record.js';
import { endAbandonedSpares, ownRecords, Spares } from '../../src/process/spares.js';
import { supervise } from '../../src/process/supervise.js';
import { pause } from '../support/hosts.js';
import { temporaryRoot } from '../support/stack.js';
import { until } from '../support/until.js';

/** A spare that is ready after some milliseconds, and answers its task with the task. */
const program = `
const say = (event, more) => console.log(JSON.stringify({ event, ...more }));
console.error('imported');
const warming = setInterval(() => say('warming'), 100);
setTimeout(() => { clearInterval(warming); say('ready'); }, Number(process.argv[1]));
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'ping') return say('pong');
  say('done', { task: line, pid: process.pid });
  process.exit();
}).on('close', () => process.exit(143));
`;

describe('a spare', () => {
  let root: string;
  let remove: () => Promise<void>;
  let records: string;
  let code: string | undefined;
  let spares: Spares | undefined;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
    records = join(root, 'spares');
    code = 'this';
  });
  afterEach(async () => {
    await spares?.end();
    spares = undefined;
    await remove();
  });

  it('that is ready is taken, does one task, and is followed by the next', async () => {
    const pid = await ready();
    assert.deepEqual(await run(), { task: 'a task', by: pid });
    const next = await ready();
    assert.notEqual(next, pid);
    assert.deepEqual(await run(), { task: 'a task', by: next });
  });

  it('that is about to be ready is waited for', async () => {
    const pid = await kept(600);
    assert.deepEqual(await run(), { task: 'a task', by: pid });
  });

  for (const signal of ['SIGSTOP', 'SIGKILL'] as const) {
    for (const [when, warmMs] of [
      ['while it imports', 60_000],
      ['once it is ready', 0],
    ] as const) {
      it(`that gets ${signal} ${when} holds nobody up, and is ended`, async () => {
        const pid = warmMs === 0 ? await ready() : await kept(warmMs);
        if (signal === 'SIGSTOP') await pause(pid);
        else process.kill(pid, signal);
        const { task, by } = await run();
        assert.deepEqual([task, by === pid], ['cold', false]);
        await until(async () => (await startOf(pid)) === null);
        assert.ok(!existsSync(join(records, `${pid}.json`)));
      });
    }
  }

  it('that has imported other code is thrown away', async () => {
    const pid = await ready();
    code = 'other';
    assert.deepEqual((await run()).task, 'cold');
    assert.equal(await startOf(pid), null);
  });

  it('is recorded from its birth, and as what it does once it is taken', async () => {
    const pid = await ready();
    const taken = await spares?.take();
    assert.deepEqual(await readdir(records), [`${pid}.json`]);
    await taken?.child.record(join(root, 'publishers'));
    assert.deepEqual(await readdir(records), []);
    assert.deepEqual(await readdir(join(root, 'publishers')), [`${pid}.json`]);
    taken?.child.kill();
    await taken?.child.gone();
    assert.deepEqual(await readdir(join(root, 'publishers')), []);
  });

  it('tells what it printed while it imported to whom it does its task for', async () => {
    await ready();
    const logFile = join(root, 'log');
    await run({ logFile });
    assert.equal(await readFile(logFile, 'utf8'), 'imported\n');
  });

  it('does nothing for a task that is aborted while it is looked for', async () => {
    const pid = await ready();
    await pause(pid);
    const aborting = new AbortController();
    const running = run({ signal: aborting.signal });
    aborting.abort();
    assert.equal((await running).task, undefined);
  });

  it('that still imports holds up no task that is aborted', async () => {
    const pid = await kept(60_000);
    const aborting = new AbortController();
    const running = run({ signal: aborting.signal });
    aborting.abort();
    assert.equal((await running).task, undefined);
    assert.equal(await startOf(pid), null);
  });

  it('whose code cannot be read is not kept, and fails no task', async () => {
    const pid = await ready();
    code = undefined;
    assert.deepEqual((await run()).task, 'cold');
    assert.equal(await startOf(pid), null);
    assert.deepEqual(await readdir(records), []);
  });

  it('is kept no more once all are ended', async () => {
    const pid = await ready();
    void spares?.end();
    await spares?.end(); // Whoever asks second waits as well.
    assert.equal(await startOf(pid), null);
    assert.deepEqual(await readdir(records), []);
    spares?.refill();
    assert.equal(await spares?.take(), undefined);
    assert.deepEqual(await readdir(records), []);
  });

  it('is not kept where none is asked for', async () => {
    spares = new Spares(options(0), 0);
    spares.refill();
    assert.equal(await spares.take(), undefined);
    assert.deepEqual(await run(), { task: 'cold', by: null });
  });

  it('is replaced once it is old; one that was taken goes on', async () => {
    spares = new Spares({ ...options(0), replacedAfterMs: 1_500 }, 1);
    spares.refill();
    const old = await recorded();
    let next = old;
    await until(async () => (next = await recorded()) !== old);
    assert.equal(await startOf(old), null);
    const taken = await spares.take();
    await new Promise((resolve) => setTimeout(resolve, 1_700));
    assert.equal(taken?.child.pid, next);
    assert.notEqual(await startOf(next), null);
    taken?.child.kill();
    await taken?.child.gone();
  });

  it('is not kept where memory is short', async () => {
    let freeBytes = 1e9;
    spares = new Spares({ ...options(0), freeBytes: () => freeBytes }, 1);
    spares.refill();
    assert.equal(await spares.take(), undefined);
    freeBytes = 3e9;
    spares.refill();
    const taken = await spares.take();
    assert.ok(taken !== undefined);
    taken.child.kill();
    await taken.child.gone();
  });

  it('of a process that is gone is ended, stopped or not; that of one that lives is left', async () => {
    const pid = await ready();
    await pause(pid);
    const own = await ownRecords(records);
    await recordProcess(own, pid);
    await endAbandonedSpares(records);
    assert.notEqual(await startOf(pid), null);
    const elsewhere = join(records, `not-${hostname()}-1-1`);
    await mkdir(elsewhere);
    await rename(own, join(records, `${hostname()}-${process.pid}-1`));
    await endAbandonedSpares(records);
    assert.equal(await startOf(pid), null);
    assert.ok(existsSync(elsewhere), 'another host looks after its own');
  });

  function options(warmMs: number) {
    const command = process.execPath;
    const args = ['--eval', program, String(warmMs)];
    return { command, args, cwd: root, records, code: readCode };
  }

  function readCode(): string {
    assert.ok(code !== undefined, 'it is being replaced');
    return code;
  }

  /** Starts one, and returns its process id. */
  async function kept(warmMs: number): Promise<number> {
    spares = new Spares(options(warmMs), 1);
    spares.refill();
    return recorded();
  }

  async function ready(): Promise<number> {
    const pid = spares === undefined ? await kept(0) : await recorded();
    await new Promise((resolve) => setTimeout(resolve, 300));
    return pid;
  }

  async function recorded(): Promise<number> {
    let names: string[] = [];
    await until(async () => {
      names = (await readdir(records).catch(() => [])).filter((name) => name.endsWith('.json'));
      return names.length === 1;
    });
    return Number.parseInt(names[0] ?? '');
  }

  /** Has a task done by a spare if there is one, else by a new process. */
  async function run(more: { logFile?: string; signal?: AbortSignal } = {}) {
    let done: { task?: string; pid?: number } = {};
    await supervise({
      command: process.execPath,
      args: ['--eval', `console.log(JSON.stringify({ event: 'done', task: 'cold', pid: null }))`],
      cwd: root,
      ...(spares === undefined ? {} : { spares: { of: spares, input: 'a task\n' } }),
      records: join(root, 'running'),
      onEvent: (event) => (done = event as typeof done),
      stallAfterMs: 60_000,
      signal: new AbortController().signal,
      graceMs: 100,
      ...more,
    });
    return { task: done.task, by: done.pid };
  }
});
