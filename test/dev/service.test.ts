import assert from 'node:assert/strict';
import { join } from 'node:path';
import { startService } from '../../src/dev/services/service.js';
import { temporaryRoot } from '../support/stack.js';

describe('a service of the local stack', () => {
  it('is heard although it is ready at once', () =>
    startAndHear((root) => join(root, 'quick.log')));

  it('goes on where its log has no room', () => startAndHear(() => '/dev/full'));
});

async function startAndHear(logFileOf: (root: string) => string): Promise<void> {
  const { root, remove } = await temporaryRoot();
  try {
    const said = Promise.withResolvers<unknown>();
    const service = await startService({
      name: 'quick',
      command: 'sh',
      args: ['-c', `echo '{"event":"ready"}'; exec sleep 60`],
      cwd: root,
      env: process.env,
      logFile: logFileOf(root),
      records: join(root, 'processes'),
      onEvent: (event) => said.resolve(event),
      ready: () => said.promise,
      readyWithinMs: 10_000,
      signal: new AbortController().signal,
    });
    await service.stop();
    assert.deepEqual(await said.promise, { event: 'ready' });
  } finally {
    await remove();
  }
}
