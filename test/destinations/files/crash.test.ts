import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { SinkMode } from '../../../src/destinations/destination.js';
import { temporaryRoot } from '../../support/stack.js';
import {
  done,
  fenceTask,
  publishTask,
  stage,
  startPublisher,
  startWithFault,
  versionOf,
} from '../support.js';
import { currentRows, filesSink, leftovers, recordOf, versionFolders } from './support.js';

/** Every boundary of a publish, and whether the commit stands there. */
const points = [
  { point: 'publisher:publish:opened', committed: false },
  { point: 'publisher:files:data-written', committed: false },
  { point: 'publisher:files:renamed', committed: false },
  { point: 'publisher:files:recorded', committed: true },
  { point: 'publisher:files:before-swap', committed: true },
  { point: 'publisher:files:swapped', committed: true },
  { point: 'publisher:files:shown', committed: true },
  { point: 'publisher:publish:done', committed: true },
];

describe('files: publishers that crash or sleep', function () {
  this.timeout(60_000);
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
  });
  afterEach(() => remove());

  /** A folder with version 1 (id 1), and what run2 publishes on it (id 2). */
  async function prepared(mode: SinkMode) {
    const sink = filesSink(root);
    const one = await stage(root, 'SELECT 1::BIGINT AS id');
    await done(publishTask(sink, { run: 'run1', base: 0, staged: one, mode }));
    const staged = await stage(root, 'SELECT 2::BIGINT AS id');
    return { sink, task: publishTask(sink, { run: 'run2', base: 1, staged, mode }) };
  }

  for (const { point, committed } of points) {
    it(`killed at ${point}: readers see a whole version, and a retry ends it`, async () => {
      const mode = 'append';
      const { sink, task } = await prepared(mode);
      await startWithFault(task, point, 'SIGKILL');
      const seen = await currentRows(sink);
      assert.ok(
        [['1'], ['1', '2']].some((rows) => rows.join() === seen.join()),
        seen.join(),
      );

      const commit = await done(task);
      assert.equal(commit.version, 2);
      assert.equal(commit.adopted, committed);
      assert.deepEqual(await currentRows(sink), ['1', '2']);
      assert.deepEqual(await leftovers(sink), []);
      assert.deepEqual(await versionFolders(sink), [1, 2]);
      assert.equal(await versionOf(sink), 2);
    });

    it(`killed at ${point}: inspect and a fence repair as well`, async () => {
      const { sink, task } = await prepared('replace');
      await startWithFault(task, point, 'SIGKILL');
      assert.equal(await versionOf(sink), committed ? 2 : 1);
      assert.deepEqual(await currentRows(sink), [committed ? '2' : '1']);
      const fenced = await done(fenceTask(sink, 'run2', 1));
      assert.equal(fenced?.version, committed ? 2 : undefined);
      assert.deepEqual(await currentRows(sink), [committed ? '2' : '1']);
      assert.deepEqual(await leftovers(sink), []);
      assert.deepEqual(await versionFolders(sink), committed ? [1, 2] : [1]);
    });

    it(`asleep at ${point} while others publish: it wakes to no effect`, async () => {
      const { sink, task } = await prepared('replace');
      const sleeper = await startWithFault(task, point, 'SIGSTOP');
      let base = await versionOf(sink);
      assert.equal(base, committed ? 2 : 1);
      for (const id of [3, 4, 5]) {
        const staged = await stage(root, `SELECT ${id}::BIGINT AS id`);
        base = (await done(publishTask(sink, { run: `run${id}`, base, staged }))).version;
      }
      sleeper.kill('SIGCONT');
      const end = await sleeper.end;
      assert.equal(
        end.kind === 'failed' ? end.type : end.kind,
        committed ? 'done' : 'VersionTaken',
      );
      assert.deepEqual(await currentRows(sink), ['5']);
      assert.equal(
        await readlink(join(root, 'lake', 'current')),
        (await recordOf(sink, base)).folder,
      );
      assert.equal(await versionOf(sink), base);
      assert.deepEqual(await leftovers(sink), []);
      assert.deepEqual(await versionFolders(sink), [base - 1, base]);
    });
  }

  it('a publisher that was fenced while it slept commits nothing', async () => {
    for (const [index, { point }] of points.filter(({ committed }) => !committed).entries()) {
      const sink = filesSink(root, { path: `lake${index}` });
      const staged = await stage(root, 'SELECT 1::BIGINT AS id');
      const task = publishTask(sink, { run: 'run1', base: 0, staged });
      const sleeper = await startWithFault(task, point, 'SIGSTOP');
      assert.equal(await done(fenceTask(sink, 'run1', 0)), null);
      sleeper.kill('SIGCONT');
      const end = await sleeper.end;
      assert.equal(end.kind === 'failed' && end.type, 'VersionTaken');
      assert.ok(!existsSync(join(root, `lake${index}`, 'current')));
      assert.deepEqual(await versionFolders(sink), []);
      assert.deepEqual(await leftovers(sink), []);
    }
  });

  it('of publishers at once, exactly one commits each version', async () => {
    const sink = filesSink(root);
    const runs = ['a', 'b', 'c', 'd'];
    const staged = await Promise.all(
      runs.map((_, index) => stage(root, `SELECT ${index}::BIGINT AS id FROM range(1000)`)),
    );
    for (const base of [0, 1]) {
      const ends = await Promise.all(
        runs.map((run, index) => {
          const rows = staged[index];
          assert.ok(rows);
          const publishing = { run: `${run}${base}`, base, staged: rows, mode: 'append' as const };
          return startPublisher(publishTask(sink, publishing)).end;
        }),
      );
      const kinds = ends.map((end) => (end.kind === 'failed' ? end.type : end.kind));
      assert.deepEqual(kinds.toSorted(), ['VersionTaken', 'VersionTaken', 'VersionTaken', 'done']);
      assert.equal((await currentRows(sink)).length, (base + 1) * 1000);
      assert.deepEqual(await leftovers(sink), []);
      assert.equal((await versionFolders(sink)).length, base + 1);
    }
  });
});
