import assert from 'node:assert/strict';
import { rerunInputOf } from '../../src/client/rerun.js';
import { readRunInput } from '../../src/config/run-input.js';
import { receipt } from '../support/receipt.js';

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
