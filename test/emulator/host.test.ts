import assert from 'node:assert/strict';
import { startEmulator } from '../../src/emulator/emulator.js';
import { clientsOf, quick, region, project, temporaryFolder } from './support.js';

/** The same port on another loopback address. */
const other = (address: string) => address.replace('127.0.0.1', '127.0.0.2');

describe('the host of the emulator', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  it('is where both ports listen, and nowhere else', async function () {
    if (process.platform !== 'linux') {
      console.log('      skipped: this system has one loopback address');
      this.skip();
    }
    const emulator = await startEmulator(quick(folder.path, { host: '127.0.0.2' }));
    const clients = clientsOf({ grpc: other(emulator.grpc) });
    try {
      const jobs = `/v1b3/projects/${project}/locations/${region}/jobs`;
      assert.equal((await fetch(`${other(emulator.http)}${jobs}`)).status, 200);
      await assert.rejects(fetch(`${emulator.http}${jobs}`));
      const [found] = await clients.jobs.listJobs({ projectId: project, location: region });
      assert.deepEqual(found, []);
    } finally {
      await clients.close();
      await emulator.close();
    }
  });
});
