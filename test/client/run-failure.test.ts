import assert from 'node:assert/strict';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { failureLines } from '../../src/cli/lines/failure-lines.js';
import { runFailedOf } from '../../src/client/run-failure.js';
import type { Receipt } from '../../src/shared/run/receipt.js';

const published = { name: 'warehouse', module: 'duckdb', mode: 'replace', destination: 'd' };
const receipt = {
  run_id: 'before the reset',
  outcome: 'failed',
  config: 'orders.yaml',
  args: {},
  duration_ms: 1,
  runner: 'local',
  failure: { type: 'DataError', message: 'what went wrong then' },
  sinks: [{ ...published, rows: 1, bytes: 1, state: 'published' }],
  steps: [],
} as unknown as Receipt;

describe('a run that was reset, and failed before it had a plan', () => {
  const failure = ApplicationFailure.nonRetryable('the config is wrong now', 'ConfigError');
  const error = new WorkflowFailedError('failed', failure, 'NON_RETRYABLE_FAILURE');

  it('fails for its own reason, and says what it had published before', () => {
    const failed = runFailedOf(error, 'q4kx7mw2ta', receipt, 'after the reset');
    assert.equal(failed.message, 'the config is wrong now');
    assert.match(failureLines(failed, null).at(-1) ?? '', /^Published: warehouse\./);
  });

  it('fails for the reason that its receipt gives, where that is of this execution', () => {
    const failed = runFailedOf(error, 'q4kx7mw2ta', receipt, 'before the reset');
    assert.equal(failed.message, 'what went wrong then');
  });
});
