import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApplicationFailure } from '@temporalio/common';
import { standingOf, taskOf } from '../../src/activities/publish/publish.js';
import { inPublisher } from '../../src/activities/publish/publisher-child.js';
import type { PlannedSink } from '../../src/config/plan/plan-types.js';
import type { FailureDetail } from '../../src/shared/failures.js';
import { openLocalStore } from '../../src/store/local-store.js';
import type { RunReference } from '../../src/workflows/contract/activities.js';
import { inActivity } from './support.js';

function isNamed(error: unknown): boolean {
  const { type, details } = error as ApplicationFailure;
  assert.equal(type, 'ConfigError');
  assert.equal((details?.[0] as FailureDetail | undefined)?.step, 'warehouse');
  return true;
}

describe('a failure of a publisher', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'beamline-publisher-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('names the sink, whatever the destination was asked', async () => {
    mkdirSync(join(root, 'w.duckdb'));
    const deps = { root, store: await openLocalStore(join(root, 'store')) };
    const run = { runKey: 'q4kx7mw2ta', destinationWaitMs: 0 } as RunReference;
    const parameters = { database: 'w.duckdb', table: 'orders' };
    const sink: PlannedSink = {
      name: 'warehouse',
      module: 'duckdb',
      parameters,
      destination: 'd',
      input: 'orders',
      mode: 'replace',
      on_empty: 'keep',
    };
    await assert.rejects(
      inActivity(() => standingOf(deps, run, sink)),
      isNamed,
    );
    const position = taskOf(deps, run, sink, { kind: 'position', sources: [] });
    await assert.rejects(
      inActivity(() => inPublisher(deps, sink.destination, position)),
      isNamed,
    );
  });
});
