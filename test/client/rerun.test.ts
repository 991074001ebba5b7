import assert from 'node:assert/strict';
import { rerunInputOf } from '../../src/client/rerun.js';
import { readRunInput } from '../../src/config/run-input.js';
import type { Receipt } from '../../src/shared/receipt.js';

const receipt: Receipt = {
  version: 1,
  outcome: 'failed',
  run_key: 'q4kx7mw2ta',
  workflow_id: 'w',
  run_id: 'r',
  pipeline: 'orders',
  config: 'orders.yaml',
  plan_sha256: 'a'.repeat(64),
  runner: 'dataflow',
  args: {},
  profiles: null,
  store: { id: 's1', host: 'h' },
  started_at: '',
  finished_at: '',
  duration_ms: 0,
  attempts: 1,
  rows_read: 0,
  rows_staged: 0,
  rows_rejected: 0,
  steps: [],
  sinks: [],
};

describe('the input of a rerun', () => {
  it('launches as the run before it did', () => {
    const launch = {
      containerSpecGcsPath: 'gs://bucket/spec.json',
      region: 'europe-west1',
      numWorkers: 3,
      reconcileAfter: '5m',
    };
    const input = rerunInputOf({ ...receipt, launch }, { again: false });
    const read = readRunInput(input);
    assert.deepEqual([read.runner, read.launch], ['dataflow', launch]);
  });

  it('has no launch options after a local run', () => {
    assert.ok(!('launch' in rerunInputOf({ ...receipt, runner: 'local' }, { again: false })));
  });
});
