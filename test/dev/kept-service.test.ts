import assert from 'node:assert/strict';
import { keepService } from '../../src/dev/services/kept-service.js';
import type { Service } from '../../src/dev/services/service.js';

/** Services that end when they are told to. */
function services() {
  const started: { end: (how: string) => void; stopped: boolean }[] = [];
  const start = async (): Promise<{ service: Service; ready: number }> => {
    const ended = Promise.withResolvers<string>();
    const state = { end: ended.resolve, stopped: false };
    const pid = started.push(state);
    const service: Service = {
      name: 'worker',
      pid,
      logFile: '',
      ended: ended.promise,
      async stop() {
        state.stopped = true;
        ended.resolve('ended with code 0');
      },
    };
    return { service, ready: pid };
  };
  return { started, start };
}

describe('a kept service', () => {
  it('is started again when it ends, and stopped once for all', async () => {
    const { started, start } = services();
    const seen = Promise.withResolvers<string>();
    const { service, ready } = await keepService({
      start,
      signal: new AbortController().signal,
      onRestart: (how, { ready: pid }) => seen.resolve(`${how} ${pid}`),
    });
    assert.equal(ready, 1);
    started[0]?.end('ended by SIGKILL');
    assert.equal(await seen.promise, 'ended by SIGKILL 2');
    await service.stop();
    assert.deepEqual(
      started.map(({ stopped }) => stopped),
      [false, true],
    );
  });

  it('is stopped while it starts again', async () => {
    const { started, start } = services();
    const begun = Promise.withResolvers<void>();
    const { service } = await keepService({
      start: async (signal) => {
        if (started.length === 0) return start();
        begun.resolve();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        throw signal.reason;
      },
      signal: new AbortController().signal,
      onRestart: () => assert.fail('it was stopped'),
    });
    started[0]?.end('ended by SIGKILL');
    await begun.promise;
    await service.stop();
    assert.equal(started.length, 1);
  });

  it('that does not start again is given up, with both reasons', async () => {
    const { started, start } = services();
    const { service } = await keepService({
      start: async () => {
        if (started.length === 0) return start();
        throw new Error('no port is free');
      },
      signal: new AbortController().signal,
      onRestart: () => assert.fail('it did not start'),
    });
    started[0]?.end('ended by SIGKILL');
    assert.equal(await service.ended, 'ended by SIGKILL, and did not start again: no port is free');
    await service.stop();
  });

  it('that ends again and again is given up', async () => {
    const { started, start } = services();
    const { service } = await keepService({
      start,
      signal: new AbortController().signal,
      onRestart: (_, { ready: pid }) => started[pid - 1]?.end('ended with code 1'),
    });
    started[0]?.end('ended with code 1');
    assert.equal(await service.ended, 'ended with code 1, 5 times within a minute');
    assert.equal(started.length, 5);
  });
});
