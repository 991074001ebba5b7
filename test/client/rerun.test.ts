import assert from 'node:assert/strict';
import { rerunInputOf } from '../../src/client/rerun.js';
import { readRunInput } from '../../src/config/settings/run-input.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
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

  const left = { staged: { manifestUri: '/m', manifestSha256: '', attempt: 1 }, sinks: ['b'] };

  it('publishes only what is left, of a run that published a part', () => {
    const input = rerunInputOf({ ...receipt, left });
    assert.deepEqual([input.complete, input.rerun_of], [true, receipt.run_key]);
    assert.equal(rerunInputOf({ ...receipt, left }, { overNewer: true }).over_newer, true);
    assert.equal(rerunInputOf({ ...receipt, left }, { again: true }).complete, undefined);
  });

  it('publishes it again after a run that was to do that, and reads nothing', () => {
    const completing = rerunInputOf({ ...receipt, left }, { overNewer: true });
    const input = rerunInputOf({ ...receipt, run_key: 'another', input: completing });
    assert.deepEqual(input, rerunInputOf({ ...receipt, left }), 'without a word about newer rows');
  });

  it('publishes over newer rows only what is left', () => {
    assert.throws(() => rerunInputOf(receipt, { overNewer: true }), /it left nothing/);
  });

  it('has no launch options after a local run', () => {
    assert.ok(!('launch' in rerunInputOf({ ...receipt, runner: 'local' }, { again: false })));
  });

  it('names no store where any host can do it', () => {
    const anywhere = { id: 's1', host: 'h', bucket: 'gs://bucket/beamline' };
    const left = { staged: { manifestUri: '', manifestSha256: '', attempt: 1 }, sinks: ['b'] };
    assert.equal(storeOf({ store: anywhere }), undefined);
    assert.equal(storeOf({}), 's1');
    const uploads = { ...anywhere, uploads: 'from host' } as const;
    assert.equal(storeOf({ store: uploads }), 's1');
    assert.equal(storeOf({ store: anywhere, profiles: '/p.json' }), 's1');
    const completing = { store: uploads, profiles: '/p.json', left };
    assert.equal(storeOf(completing), undefined);
    assert.ok(!('profile' in rerunInputOf({ ...receipt, ...completing }, { again: false })));
    assert.equal(storeOf(completing, true), 's1');
  });
});

function storeOf(change: Partial<Receipt>, again = false): string | undefined {
  return rerunInputOf({ ...receipt, ...change }, { again }).store;
}
