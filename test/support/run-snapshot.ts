import type { RunSnapshot } from '../../src/client/index.js';

/** A look at a run whose Beam process works. */
export const snapshot: RunSnapshot = {
  run_key: 'q4kx7mw2ta',
  workflow_id: 'orders-20261124t030411-k3f9a',
  run_id: '01a20ba0-47b8-78f4-9811-09e4f1a4d17e',
  pipeline: 'orders',
  state: 'running',
  runner: 'local',
  job: null,
  started_at: '2026-11-24T03:04:11.000Z',
  closed_at: null,
  waiting_for: [],
  held_by: [],
  sinks: [],
  steps: {},
  activity: {
    name: 'runBeam',
    attempt: 1,
    most_attempts: 12,
    next_at: null,
    running: true,
    last_failure: null,
  },
  stuck: null,
};
