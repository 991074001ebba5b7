import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeSecret } from '../../src/dev/store-secret.js';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.js';

describe('a secret of the local stack', () => {
  let folder: string;
  let emulator: Emulator;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'beamline-secrets-'));
    emulator = await startEmulator({ folder });
  });
  after(async () => {
    await emulator.close();
    rmSync(folder, { recursive: true });
  });

  it('is stored once however often it is the same, and again when it has changed', async () => {
    const reference = '${secret:projects/beamline-dev/secrets/flights-db/versions/latest}';
    const latest = async () => {
      const name = 'projects/beamline-dev/secrets/flights-db/versions/latest:access';
      const response = await fetch(`${emulator.http}/v1/${name}`);
      const { name: version, payload } = (await response.json()) as {
        name: string;
        payload: { data: string };
      };
      return [version.split('/').at(-1), Buffer.from(payload.data, 'base64').toString()];
    };
    assert.equal(await storeSecret(emulator.http, 'flights-db', 'first'), reference);
    assert.equal(await storeSecret(emulator.http, 'flights-db', 'first'), reference);
    assert.deepEqual(await latest(), ['1', 'first']);
    await storeSecret(emulator.http, 'flights-db', 'second');
    assert.deepEqual(await latest(), ['2', 'second']);
  });
});
