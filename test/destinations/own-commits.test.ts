import assert from 'node:assert/strict';
import { kinds, withPlace } from './places.js';
import {
  done,
  failed,
  fenceTask,
  ids,
  publishTask,
  stage,
  type TestSink,
  versionOf,
} from './support.js';

/** A run may come again to a destination in which it has a commit: tried again, or reset. */
for (const kind of kinds) {
  describe(`${kind.name}: a destination in which the run has a commit`, function () {
    this.timeout(60_000);
    let root: string;
    let sink: TestSink;
    let rows: () => Promise<string[]>;

    withPlace(kind, async (ready) => {
      ({ root, sink, rows } = ready);
      const staged = await stage(root, ids(1, 2));
      assert.equal((await done(publishTask(sink, { run: 'run1', base: 0, staged }))).version, 1);
    });

    it('takes other rows of the run, read anew after a reset, as a commit of their own', async () => {
      const staged = await stage(root, ids(7, 8));
      const again = { run: 'run1', base: 1, staged, manifest: 'another' };
      const commit = await done(publishTask(sink, again));
      assert.deepEqual([commit.version, commit.adopted], [2, false]);
      assert.deepEqual(await rows(), ['7', '8']);
    });

    it('is fenced at the version that its next publish would take', async () => {
      assert.equal(await done(fenceTask(sink, 'run1', 1)), null);
      assert.equal(await versionOf(sink), 2);
      const staged = await stage(root, ids(7, 8));
      const sleeper = { run: 'run1', base: 1, staged, manifest: 'another' };
      assert.equal((await failed(publishTask(sink, sleeper))).type, 'VersionTaken');
      assert.deepEqual(await rows(), ['1', '2']);
    });

    it('answers with that commit where it is the one that is to be fenced', async () => {
      const commit = await done<{ version: number } | null>(fenceTask(sink, 'run1', 0));
      assert.equal(commit?.version, 1);
      assert.equal(await versionOf(sink), 1);
    });
  });
}
