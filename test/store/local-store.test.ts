import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { openLocalStore, storePaths, type LocalStore } from '../../src/store/local-store.js';
import { pinPlan, readPinnedPlan } from '../../src/store/pinned-plans.js';
import { temporaryRoot } from '../support/stack.js';

const plan = '{"version":1}';
const sha256 = createHash('sha256').update(plan).digest('hex');

describe('the local store', () => {
  let root: string;
  let remove: () => Promise<void>;
  let store: LocalStore;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
    store = await openLocalStore(root);
  });
  afterEach(() => remove());

  it('keeps its id, and is opened where nothing can be written any more', async () => {
    await chmod(root, 0o500);
    assert.deepEqual(await openLocalStore(root), store);
    await chmod(root, 0o700);
  });

  for (const text of ['', '{"id":', '{}', '{"id":7}', '{"id":"../other"}']) {
    it(`never makes up another id for one that is damaged: ${text || 'empty'}`, async () => {
      const file = join(root, 'store.json');
      await writeFile(file, text);
      await assert.rejects(openLocalStore(root), /store\.json is damaged/);
      assert.equal(await readFile(file, 'utf8'), text);
    });
  }

  it('gives a plan back as it was pinned', async () => {
    await pinPlan(store, sha256, plan);
    await pinPlan(store, sha256, plan);
    assert.equal(await readPinnedPlan(store, sha256), plan);
  });

  for (const [how, damage] of Object.entries({
    'cut to nothing': (file: string) => truncate(file, 0),
    'cut short': (file: string) => truncate(file, 5),
    changed: (file: string) => writeFile(file, plan.replace('1', '2')),
  })) {
    it(`refuses a plan that was ${how}, and the next run of its config mends it`, async () => {
      await pinPlan(store, sha256, plan);
      await damage(storePaths.plan(store, sha256));
      await assert.rejects(readPinnedPlan(store, sha256), (error) => {
        assert.ok(error instanceof ApplicationFailure);
        assert.equal(error.type, 'StoreUnavailable');
        assert.equal(error.nonRetryable, true);
        assert.match(error.message, /was changed or damaged.*run the config again/s);
        return true;
      });
      await pinPlan(store, sha256, plan);
      assert.equal(await readPinnedPlan(store, sha256), plan);
    });
  }

  it('says of a plan that is not there where to look', async () => {
    await assert.rejects(
      readPinnedPlan(store, sha256),
      /is not in the store .* run the config again/,
    );
    await assert.rejects(readPinnedPlan(store, '../x'), /must be a sha256/);
  });
});
