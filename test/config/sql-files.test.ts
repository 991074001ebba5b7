import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveArgs } from '../../src/config/checks/arguments.js';
import { loadConfig, maxConfigBytes } from '../../src/config/document/document.js';
import { inlineSql, type InlinedSql } from '../../src/config/modules/sql-files.js';
import { stepsOf } from '../../src/config/envelope/steps.js';
import { createObjectStore } from '../../src/gateways/google-storage.js';
import type { ObjectStore } from '../../src/store/object-store.js';
import { temporaryRoot } from '../support/stack.js';
import { startStorage, type StorageEmulator } from '../support/storage.js';

describe('SQL files in Cloud Storage', () => {
  let root: string;
  let remove: () => Promise<void>;
  let emulator: StorageEmulator;
  let store: ObjectStore;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    emulator = await startStorage(join(root, 'storage'));
    await emulator.createBucket('bucket');
    store = createObjectStore({ endpoint: emulator.endpoint });
  });
  after(async () => {
    await emulator.stop();
    await remove();
  });

  const objects = (): Promise<ObjectStore> => Promise.resolve(store);

  /** The parameters of a source whose `query` is given. */
  async function inlined(query: string): Promise<InlinedSql> {
    const config = {
      name: 'orders',
      args: { day: { type: 'string', default: '2026-01-31' } },
      sources: [{ name: 'orders', module: 'bigquery', parameters: { query, project: 'p' } }],
    };
    writeFileSync(join(root, 'config.json'), JSON.stringify(config));
    const loaded = loadConfig('config.json', { root });
    const [step] = stepsOf(loaded.value);
    assert.ok(step);
    const args = resolveArgs(loaded, {});
    return inlineSql(loaded, step, ['query'], { root, args, objects });
  }

  it('are read, with the arguments filled in', async () => {
    await store.write('gs://bucket/sql/orders.sql', "SELECT '${args.day}' AS day;\n");
    const { parameters, problems } = await inlined('gs://bucket/sql/orders.sql');
    assert.deepEqual(problems, []);
    assert.equal(parameters['query'], "SELECT '2026-01-31' AS day;\n");
  });

  it('that do not exist, are too large, or are no text are problems of that line', async () => {
    await store.write('gs://bucket/large.sql', Buffer.alloc(maxConfigBytes + 1, ' '));
    await store.write('gs://bucket/binary.sql', Buffer.from([0xff, 0xfe]));
    for (const [uri, says] of [
      ['gs://bucket/missing.sql', /missing\.sql: there is no such object/],
      ['gs://nowhere/missing.sql', /nowhere/],
      ['gs://bucket/large.sql', /is larger than/],
      ['gs://bucket/binary.sql', /is not UTF-8 text/],
    ] as const) {
      const { problems } = await inlined(uri);
      assert.equal(problems.length, 1, uri);
      assert.match(problems[0]?.message ?? '', says);
      assert.equal(problems[0]?.path, 'sources[0].parameters.query');
    }
  });
});
