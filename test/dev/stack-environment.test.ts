import assert from 'node:assert/strict';
import { environmentFor } from '../../src/dev/environment/stack-environment.js';
import { claimStack, writeStackRecord } from '../../src/dev/environment/stack-record.js';
import { temporaryFolder } from '../config/support.js';

describe("the local stack's environment", () => {
  const folder = temporaryFolder();
  const record = {
    pid: process.pid,
    temporal: { address: '127.0.0.1:1', namespace: 'default', ui: '' },
    gateway: { pid: process.pid, url: 'http://127.0.0.1:8088' },
    worker: { pid: 1, store: 's', task_queue: 'beamline' },
    environment: { DATAFLOW_EMULATOR_HOST: '127.0.0.1:2', BEAMLINE_DEV_SETTINGS: 'dev.yaml' },
  };

  it('is there for a command in another terminal, below what that was given itself', async () => {
    const release = await claimStack(folder.path);
    await writeStackRecord(folder.path, record);
    const own = { DATAFLOW_EMULATOR_HOST: '127.0.0.1:9' };
    assert.deepEqual(await environmentFor(folder.path, own), {
      DATAFLOW_EMULATOR_HOST: '127.0.0.1:9',
      BEAMLINE_DEV_SETTINGS: 'dev.yaml',
    });
    await release();
    assert.deepEqual(await environmentFor(folder.path, own), own);
  });
});
