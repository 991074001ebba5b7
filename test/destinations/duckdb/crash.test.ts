import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { SinkMode } from '../../../src/destinations/destination.js';
import { temporaryRoot } from '../../support/stack.js';
import {
  done,
  fenceTask,
  ids,
  onDuckdb,
  publishTask,
  stage,
  startPublisher,
  startWithFault,
  versionOf,
} from '../support.js';
import { commits, duckdbSink, tableIds } from './support.js';

/** Every boundary of a publish, and whether the commit stands there. */
const points: { point: string; committed: boolean; modes: SinkMode[] }[] = [
  {
    point: 'publisher:publish:opened',
    committed: false,
    modes: ['replace', 'append', 'merge'],
  },
  { point: 'publisher:duckdb:deleted', committed: false, modes: ['merge'] },
  { point: 'publisher:before-commit', committed: false, modes: ['replace', 'append', 'merge'] },
  { point: 'publisher:publish:done', committed: true, modes: ['replace', 'append', 'merge'] },
];

const rowsAfter: Record<string, string[]> = {
  replace: ['2', '3'],
  append: ['1', '2', '2', '3'],
  merge: ['1', '2', '3'],
};

describe('duckdb: publishers that crash or sleep', function () {
  this.timeout(60_000);
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
  });
  afterEach(() => remove());

  /** A table with ids 1 and 2, and what run2 publishes on it: ids 2 and 3. */
  async function prepared(mode: SinkMode) {
    const sink = duckdbSink(root);
    await done(publishTask(sink, { run: 'run1', base: 0, staged: await stage(root, ids(1, 2)) }));
    const merge = mode === 'merge' ? { keys: ['id'], order: null, window: null } : null;
    const staged = await stage(root, ids(2, 3));
    return { sink, task: publishTask(sink, { run: 'run2', base: 1, staged, mode, merge }) };
  }

  for (const { point, committed, modes } of points) {
    for (const mode of modes) {
      it(`${mode}, killed at ${point}: all or nothing, and a retry ends it`, async () => {
        const { task } = await prepared(mode);
        await startWithFault(task, point, 'SIGKILL');
        assert.deepEqual(await tableIds(root), committed ? rowsAfter[mode] : ['1', '2']);
        for (const adopted of [committed, true]) {
          const commit = await done(task);
          assert.deepEqual([commit.version, commit.rows, commit.adopted], [2, 2, adopted]);
          assert.deepEqual(await tableIds(root), rowsAfter[mode]);
        }
      });
    }
  }

  it('a publisher that was killed, and fenced, commits nothing when its attempt is repeated', async () => {
    const { sink, task } = await prepared('merge');
    await startWithFault(task, 'publisher:duckdb:deleted', 'SIGKILL');
    assert.equal(await done(fenceTask(sink, 'run2', 1)), null);
    const end = await startPublisher(task).end;
    assert.equal(end.kind === 'failed' && end.type, 'VersionTaken');
    assert.deepEqual(await tableIds(root), ['1', '2']);
  });

  it('nobody publishes while one sleeps with the file open; after its end, the next may', async () => {
    const { sink, task } = await prepared('merge');
    const sleeper = await startWithFault(task, 'publisher:before-commit', 'SIGSTOP');
    const staged = await stage(root, ids(7, 7));
    const next = publishTask({ ...sink, waitMs: 200 }, { run: 'run3', base: 1, staged });
    const end = await startPublisher(next).end;
    assert.equal(end.kind === 'failed' && end.type, 'DestinationBusy');
    sleeper.kill('SIGKILL');
    await sleeper.end;
    await done(next);
    assert.deepEqual(await tableIds(root), ['7']);
  });

  it('one that wakes after another took its version changes nothing', async () => {
    const { sink, task } = await prepared('merge');
    const staged = await stage(root, ids(2, 9));
    const merge = { keys: ['id'], order: null, window: null };
    await done(publishTask(sink, { run: 'run3', base: 1, staged, mode: 'merge', merge }));
    const end = await startPublisher(task).end;
    assert.equal(end.kind === 'failed' && end.type, 'VersionTaken');
    assert.equal(await versionOf(sink), 2);
    assert.equal((await tableIds(root)).length, 9);
  });

  it('of several at once one commits; two of one run make one commit', async () => {
    const { sink, task } = await prepared('merge');
    const staged = await stage(root, ids(3, 4));
    const merge = { keys: ['id'], order: null, window: null };
    const other = publishTask(sink, { run: 'run3', base: 1, staged, mode: 'merge', merge });
    const ends = await Promise.all(
      [task, task, other, other].map((one) => startPublisher(one).end),
    );
    const [first, twin, third, fourth] = ends.map((end) =>
      end.kind === 'done' ? 'done' : end.kind === 'failed' ? end.type : end.kind,
    );
    assert.deepEqual(new Set([first, third]), new Set(['VersionTaken', 'done']));
    assert.deepEqual([twin, fourth], [first, third]);
    assert.deepEqual(
      await tableIds(root),
      first === 'done' ? ['1', '2', '3'] : ['1', '2', '3', '4'],
    );
    assert.equal((await commits(root)).length, 2);
    const [row] = await onDuckdb(
      join(root, 'warehouse.duckdb'),
      'SELECT count(*)::int AS n FROM _beamline.commits WHERE version = 2',
    );
    assert.equal(row?.['n'], 1);
  });
});
