import assert from 'node:assert/strict';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.js';
import {
  becomes,
  clientsOf,
  launch,
  quick,
  region,
  temporaryFolder,
  type Clients,
} from './support.js';

describe('the pages of the emulator', () => {
  const folder = temporaryFolder();
  let emulator: Emulator;
  let clients: Clients;
  before(async () => {
    emulator = await startEmulator(quick(folder.path));
    clients = clientsOf(emulator);
  });
  after(async () => {
    await clients.close();
    await emulator.close();
    folder.remove();
  });

  const text = async (path: string) => (await fetch(`${emulator.http}${path}`)).text();

  it('show a job where the console has it, and link to it from the list', async () => {
    const id = await launch(clients, 'shown-1', {
      mode: 'fail',
      note: '<script>alert(1)</script>',
    });
    await becomes(clients, id, 'FAILED');
    const address = `/dataflow/jobs/${region}/${id}`;
    assert.ok((await text('/')).includes(`href="${address}?project=`));
    const shown = await text(address);
    assert.ok(shown.includes('no such column: x'));
    assert.ok(shown.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
    assert.ok(!shown.includes('<script>'));
    assert.ok(!shown.includes('http-equiv="refresh"'), 'a job that has ended changes no more');
  });

  it('refresh themselves while a job is active', async () => {
    const id = await launch(clients, 'shown-2', { sleep: '60000' });
    assert.ok((await text(`/dataflow/jobs/${region}/${id}`)).includes('http-equiv="refresh"'));
  });

  it('say that there is no such job', async () => {
    const response = await fetch(`${emulator.http}/dataflow/jobs/${region}/<b>`);
    assert.equal(response.status, 404);
    assert.ok((await response.text()).includes('&lt;b&gt;'));
  });
});
