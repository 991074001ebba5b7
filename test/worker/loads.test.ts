import assert from 'node:assert/strict';
import { join } from 'node:path';
import { execa } from 'execa';
import { loadedIn } from '../support/loaded-in.js';
import { projectRoot, temporaryRoot } from '../support/stack.js';

describe('a worker that pulls no events', function () {
  this.timeout(60_000);

  it('loads nothing that is for this alone, nor a service that no run has asked', async () => {
    const { root, remove } = await temporaryRoot();
    try {
      const worker = join(projectRoot, 'dist', 'src', 'worker', 'run-worker.js');
      const script = `await import(${JSON.stringify(worker)}); process.exit();`;
      const coverage = join(root, 'coverage');
      await execa(process.execPath, ['--input-type=module', '--eval', script], {
        env: { NODE_V8_COVERAGE: coverage },
      });
      const files = loadedIn(coverage);
      assert.ok(
        files.some((file) => file.includes('@temporalio/worker')),
        'it lists what is loaded',
      );
      const ofOthers =
        /node_modules\/(?:@google-cloud\/|google-|gaxios|prom-client|cloudevents|@duckdb\/)/;
      assert.deepEqual(
        files.filter((file) => ofOthers.test(file)),
        [],
      );
    } finally {
      await remove();
    }
  });
});
