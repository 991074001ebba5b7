import type { Receipt } from '../../src/shared/run/receipt.js';

/** A receipt of a run that failed before it read anything. */
export const receipt: Receipt = {
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
