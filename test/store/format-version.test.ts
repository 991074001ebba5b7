import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { planIn } from '../../src/activities/plan/read-plan.js';
import { readManifest } from '../../src/activities/staged/read-manifest.js';
import { tellEarlierRuns } from '../../src/activities/tell-earlier-runs.js';
import {
  findStoredReceipt,
  storedReceipt,
  storeRootOf,
} from '../../src/client/look/stored-receipts.js';
import { openLocalStore, storePaths } from '../../src/store/local-store.js';
import { temporaryRoot } from '../support/stack.js';

const newer =
  /has format 2: a newer Beamline wrote it, and this one reads formats up to 1\. Update/;

/** What is read lies on this disk. */
const unused = async () => assert.fail('no object store is asked');

describe('what a newer version wrote', () => {
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
  });
  afterEach(() => remove());

  it('is refused by name: a plan', async () => {
    const plan = JSON.stringify({ version: 2, name: 'orders', sinks: [], new: true });
    await assert.rejects(planIn(plan, { root }, { storeId: 's' }), {
      type: 'ConfigError',
      message: newer,
    });
  });

  it('is refused by name: a manifest', async () => {
    const manifestUri = join(root, 'manifest.json');
    const text = JSON.stringify({ version: 2 });
    await writeFile(manifestUri, text);
    const manifestSha256 = createHash('sha256').update(text).digest('hex');
    const read = readManifest({ objects: unused }, { manifestUri, manifestSha256, attempt: 1 });
    await assert.rejects(read, { type: 'ConfigError', message: newer });
  });

  it('is refused by name: a receipt, which hides no other and is not written anew', async () => {
    const file = await write('q4kx7mw2ta', { version: 2, outcome: 'succeeded' });
    await assert.rejects(storedReceipt(root, 'q4kx7mw2ta'), { message: newer });
    assert.equal(await findStoredReceipt(root, 'latest'), null);
    const before = await readFile(file, 'utf8');
    const finished = [{ run_key: 'q4kx7mw2ta', sink: 's', version: 1, rows: 1, bytes: 1 }];
    const store = await openLocalStore(storeRootOf(root).root);
    await tellEarlierRuns(store, { run_key: 'aaaaaaaaaa', finished });
    assert.equal(await readFile(file, 'utf8'), before);
  });

  async function write(runKey: string, receipt: object): Promise<string> {
    const file = storePaths.receipt(storeRootOf(root), runKey);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(receipt));
    return file;
  }
});
