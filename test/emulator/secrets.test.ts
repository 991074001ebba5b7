import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { pythonPath } from '../../src/process/python.js';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.js';
import { becomes, clientsOf, launch, quick, temporaryFolder } from './support.js';

const askForToken = `
import google.auth, google.auth.transport.requests
credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
credentials.refresh(google.auth.transport.requests.Request())
print(credentials.token)
`;

describe('the secrets and credentials of the emulator', () => {
  const folder = temporaryFolder();
  let emulator: Emulator;
  before(async () => {
    const secretsFile = join(folder.path, 'given.json');
    writeFileSync(secretsFile, JSON.stringify({ 'projects/p/secrets/given': 'from the file' }));
    emulator = await startEmulator(quick(folder.path, { secretsFile }));
  });
  after(async () => {
    await emulator.close();
    folder.remove();
  });

  const request = (path: string, body?: object) =>
    fetch(`${emulator.http}/v1/projects/p/secrets${path}`, {
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      headers: { 'content-type': 'application/json' },
    });
  const access = async (path: string) => {
    const response = await request(`${path}:access`);
    const { payload } = (await response.json()) as { payload?: { data: string } };
    return payload ? Buffer.from(payload.data, 'base64').toString() : response.status;
  };

  it('keep versions of secrets, in a file for their owner only', async () => {
    assert.equal((await request('?secretId=db', { replication: { automatic: {} } })).status, 200);
    assert.equal(await access('/db/versions/latest'), 404);
    for (const data of ['first', 'second']) {
      const payload = { data: Buffer.from(data).toString('base64') };
      assert.equal((await request('/db:addVersion', { payload })).status, 200);
    }
    assert.equal(await access('/db/versions/1'), 'first');
    assert.equal(await access('/db/versions/latest'), 'second');
    assert.equal(await access('/db/versions/3'), 404);
    assert.equal(await access('/none/versions/latest'), 404);
    assert.equal((await request('?secretId=db', {})).status, 409);
    assert.equal(statSync(join(folder.path, 'secrets.json')).mode & 0o777, 0o600);
  });

  it('come from a file as well', async () => {
    assert.equal(await access('/given/versions/latest'), 'from the file');
  });

  it('satisfy the authentication library of Python', async () => {
    const { stdout } = await execa(pythonPath(), ['-c', askForToken], {
      env: { GOOGLE_APPLICATION_CREDENTIALS: join(folder.path, 'service-account.json') },
    });
    assert.equal(stdout, 'emulated');
  });

  it('are told to the commands of jobs', async () => {
    const clients = clientsOf(emulator);
    const id = await launch(clients, 'environment-1');
    await becomes(clients, id, 'DONE');
    await clients.close();
    const environment = readFileSync(join(folder.path, 'jobs', id, 'stderr'), 'utf8');
    assert.ok(environment.includes(`SECRET_MANAGER_EMULATOR_HOST=${emulator.http}\n`));
    assert.match(environment, /GOOGLE_APPLICATION_CREDENTIALS=.*service-account\.json\n/);
  });
});
