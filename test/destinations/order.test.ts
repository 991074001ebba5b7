import assert from 'node:assert/strict';
import type { SinkMode } from '../../src/destinations/destination.js';
import { failureOf, requestOf, withPublisher } from './in-process.js';
import { kinds, withPlace } from './places.js';
import { ids, stage, type TestSink } from './support.js';

const nine = '2026-01-31T09:00:00.000Z';
const ten = '2026-01-31T10:00:00.000Z';
const eleven = '2026-01-31T11:00:00.000Z';

for (const kind of kinds) {
  describe(`${kind.name}: rows that were read earlier`, function () {
    this.timeout(60_000);
    let root: string;
    let sink: TestSink;
    let rowsThere: () => Promise<string[]>;
    let version: number;

    withPlace(kind, (ready) => {
      ({ root, sink, rows: rowsThere } = ready);
      version = 0;
    });

    const publish = async (
      run: string,
      mode: SinkMode,
      rows: [number, number],
      readAt: string | null,
      overNewer = false,
    ) => {
      const staged = await stage(root, ids(...rows));
      const merge = mode === 'merge' ? { keys: ['id'], order: null, window: null } : null;
      const given = { run, mode, merge, staged, base: version, readAt, overNewer };
      const commit = await withPublisher(sink, (publisher) =>
        publisher.publish(requestOf(sink, given)),
      );
      version = Math.max(version, commit.version);
      return commit;
    };
    const refused = async (...given: Parameters<typeof publish>) => {
      const before = await rowsThere();
      const failure = await failureOf(publish(...given));
      assert.equal(failure.type, 'NewerCommitted');
      assert.match(failure.message, /Nothing was written\. .*`--over-newer`/);
      assert.deepEqual(await rowsThere(), before);
      return failure.message;
    };
    const lookAs = (runKey: string) =>
      withPublisher(sink, (publisher) => publisher.inspect({ runKey, sink: 'sink' }));

    it('replace nothing that was read later, and say whose that is', async () => {
      await publish('run2', 'replace', [1, 3], ten);
      const message = await refused('run1', 'replace', [1, 2], nine);
      assert.ok(message.includes(`run run2 read at ${ten}; these were read at ${nine}`), message);
      await publish('run3', 'replace', [4, 4], eleven);
      assert.deepEqual(await rowsThere(), ['4']);
    });

    it('are refused behind an empty result, too: that is what was read last', async () => {
      await publish('run0', 'replace', [1, 3], nine);
      await publish('run2', 'replace', [1, 0], ten);
      await refused('run1', 'replace', [1, 2], nine);
    });

    it('come in where somebody asks for it, and the order stays', async () => {
      await publish('run2', 'replace', [1, 3], eleven);
      await publish('run1', 'replace', [1, 2], nine, true);
      assert.deepEqual(await rowsThere(), ['1', '2']);
      await refused('run3', 'replace', [7, 7], ten);
    });

    it('are appended beside later appends, and not behind a replace', async () => {
      await publish('run2', 'append', [4, 6], ten);
      await publish('run1', 'append', [1, 3], nine);
      assert.equal((await rowsThere()).length, 6);
      await publish('run4', 'replace', [1, 9], eleven);
      await publish('run5', 'append', [10, 10], '2026-01-31T12:00:00.000Z');
      await refused('run3', 'append', [7, 7], ten);
    });

    it('of one instant are in the order of publishing', async () => {
      await publish('run1', 'replace', [1, 1], ten);
      await publish('run2', 'replace', [2, 2], ten);
      assert.deepEqual(await rowsThere(), ['2']);
    });

    it('replace no later append', async () => {
      await publish('run2', 'append', [4, 6], ten);
      await refused('run1', 'replace', [1, 3], nine);
    });

    it('a fence between changes no order', async () => {
      await publish('run2', 'replace', [1, 3], ten);
      const identity = { destination: kind.name, baseVersion: 1, runKey: 'run3', sink: 'sink' };
      await withPublisher(sink, (publisher) => publisher.fence(identity));
      version = 2;
      await refused('run1', 'replace', [1, 2], nine);
    });

    it('a retry of what a run has committed adopts it, whatever was read later', async () => {
      const first = await publish('run1', 'append', [1, 2], nine);
      await publish('run2', 'replace', [1, 3], ten);
      assert.deepEqual(await publish('run1', 'append', [1, 2], nine), { ...first, adopted: true });
    });

    it('of a run of an older version, which does not know when it read, go behind no known order', async () => {
      await publish('run1', 'append', [1, 1], null);
      await refused('run2', 'replace', [2, 2], null);
      await publish('run3', 'append', [3, 3], null, true);
    });

    it('an inspection tells the order, and what the run that asks has committed', async () => {
      assert.deepEqual(await lookAs('run1'), { version: 0, readAt: null, own: null });
      await publish('run1', 'append', [1, 2], ten);
      const { version: own, rows, bytes } = await publish('run2', 'append', [3, 3], nine);
      const found = await lookAs('run2');
      assert.deepEqual([found.version, found.readAt], [2, ten]);
      assert.deepEqual(found.own, { version: own, rows, bytes, adopted: true });
      assert.equal((await lookAs('run3')).own, null);
    });

    if (kind.name === 'files') return;

    it('are merged over nothing that was read later, whoever published it', async () => {
      await publish('run2', 'merge', [1, 3], ten);
      await refused('run1', 'merge', [3, 5], nine);
      await publish('run3', 'append', [9, 9], eleven);
      await refused('run1', 'merge', [3, 5], ten);
    });

    it('are not appended behind a merge, which may have brought them', async () => {
      await publish('run2', 'merge', [1, 3], ten);
      await refused('run1', 'append', [3, 5], nine);
    });
  });
}
