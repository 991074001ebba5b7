import assert from 'node:assert/strict';
import { CliError } from '../../src/cli/terminal/errors.js';
import { followRun } from '../../src/cli/follow/follow.js';
import { TemporalUnreachable, type Run } from '../../src/client/index.js';

describe('who follows a run', () => {
  it('is told, when Temporal is lost, that the run goes on, and how to follow it again', async () => {
    const lost = new TemporalUnreachable('127.0.0.1:1', new Error('14 UNAVAILABLE'));
    const run = {
      key: 'q4kx7mw2ta',
      result: () => Promise.reject(lost),
      async *progress() {},
    } as unknown as Run;
    await assert.rejects(followRun(run, { json: true }), (error) => {
      assert.ok(error instanceof CliError);
      assert.equal(error.exitCode, 3);
      assert.match(error.message, /cannot reach Temporal at 127\.0\.0\.1:1/);
      assert.match(error.hint ?? '', /q4kx7mw2ta is not lost: .*status q4kx7mw2ta --watch/);
      return true;
    });
  });
});
