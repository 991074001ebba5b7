import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { askProgram } from '../../src/process/ask-program.js';
import { Child } from '../../src/process/child.js';
import { endRecordedProcesses, startOf } from '../../src/process/process-record.js';
import { temporaryRoot } from '../support/stack.js';
import { until } from '../support/until.js';

const cwd = process.cwd();
const shell = (script: string): Child => new Child({ command: 'sh', args: ['-c', script], cwd });
const ask = (script: string, signal?: AbortSignal): ReturnType<typeof askProgram> =>
  askProgram({ command: 'sh', args: ['-c', script], cwd, ...(signal && { signal }) });

/** Its first line: a process id. */
async function pidFrom(child: Child): Promise<number> {
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return Number(line);
}

const isGone = async (pid: number): Promise<boolean> => (await startOf(pid)) === null;

describe('a child', () => {
  it('leaves no grandchild behind, and its end waits for none', async () => {
    const child = shell('sleep 600 & echo $!');
    const [pid, end] = await Promise.all([pidFrom(child), child.ended]);
    assert.deepEqual(end, { exitCode: 0, signal: null });
    await until(() => isGone(pid));
  });

  it('that is paused ends when it is stopped', async () => {
    const child = shell('echo $$; sleep 600');
    process.kill(await pidFrom(child), 'SIGSTOP');
    await child.stop(30_000);
    assert.deepEqual(await child.ended, { exitCode: null, signal: 'SIGTERM' });
  });

  it('that does not listen is killed when its time is over, with what it started', async () => {
    const child = shell(`trap '' TERM; sleep 600 & echo $!; while :; do sleep 1; done`);
    const pid = await pidFrom(child);
    await Promise.all([child.stop(50), child.stop(50)]);
    assert.deepEqual(await child.ended, { exitCode: null, signal: 'SIGKILL' });
    await until(() => isGone(pid));
  });

  it('is recorded while it lives, for whoever comes next', async () => {
    const { root, remove } = await temporaryRoot();
    try {
      const child = shell('read line');
      await child.record(root);
      assert.deepEqual(await endRecordedProcesses(root), [child.pid]);
      await child.gone();
      const quick = shell('read line');
      await quick.record(root);
      quick.stdin.end();
      await quick.gone();
      assert.deepEqual(await endRecordedProcesses(root), []);
    } finally {
      await remove();
    }
  });

  it('that does not start says why', async () => {
    const child = new Child({ command: '/no/such/program', args: [], cwd });
    await assert.rejects(child.record('/no/such/folder'), /ENOENT/);
    await assert.rejects(child.ended, /ENOENT/);
    await child.stop(0);
  });
});

describe('a program that is asked', () => {
  it('answers with one document, and the last lines of what it says beside', async () => {
    const answer = await ask(`seq 30 >&2; echo '{"a": [1]}'; exit 3`);
    assert.deepEqual(answer.document, { a: [1] });
    assert.equal(answer.exitCode, 3);
    assert.deepEqual([answer.stderr.length, answer.stderr.at(-1)], [20, '30']);
  });

  it('is ended where its answer has no end', async () => {
    const answer = await ask('yes');
    assert.deepEqual([answer.document, answer.exitCode], [undefined, null]);
  });

  it('is ended when nobody waits for its answer', async () => {
    const nobody = new AbortController();
    const answer = ask('echo 1; exec sleep 600', nobody.signal);
    setTimeout(() => nobody.abort(), 50);
    assert.equal((await answer).exitCode, null);
    await assert.rejects(ask('echo 1', nobody.signal), /abort/i);
  });

  it('has an input that is open for as long as somebody asks', async () => {
    const answer = await ask('(sleep 0.2; kill $$) & read line; echo 1');
    assert.deepEqual([answer.document, answer.exitCode], [undefined, null]);
  });
});
