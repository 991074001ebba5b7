import assert from 'node:assert/strict';
import { createTimeSkippingEnvironment } from './time-skipping.js';

describe('createTimeSkippingEnvironment', function () {
  this.timeout(60_000);

  it('starts a server whose hour passes at once', async () => {
    const environment = await createTimeSkippingEnvironment();
    try {
      const before = await environment.currentTimeMs();
      const started = Date.now();
      await environment.sleep('1 hour');
      assert.ok((await environment.currentTimeMs()) - before >= 3_600_000);
      assert.ok(Date.now() - started < 30_000);
    } finally {
      await environment.teardown();
    }
  });
});
