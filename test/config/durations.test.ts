import assert from 'node:assert/strict';
import { pipelineConfig } from '../../src/config/envelope/envelope.js';
import { windowParameters } from '../../src/config/modules/incremental.js';
import { launchBlock } from '../../src/config/envelope/launch-schema.js';
import { scheduleBlock } from '../../src/config/envelope/schedule-schema.js';
import { settingsFile } from '../../src/config/settings/settings.js';
import { bigqueryParameters } from '../../src/destinations/bigquery/table/parameters.js';
import { durationMs } from '../../src/shared/duration.js';

interface Schema {
  shape: Record<string, { safeParse(value: unknown): { success: boolean } }>;
}

/** Every key that is a duration. */
const keys: [schema: Schema, ...keys: string[]][] = [
  [pipelineConfig, 'timeout', 'destination_wait'],
  [scheduleBlock, 'jitter', 'catchup'],
  [windowParameters, 'lag', 'incremental_interval_from'],
  [launchBlock, 'reconcile_after', 'force_cancel_after'],
  [settingsFile, 'reconcile_after', 'force_cancel_after', 'store_wait'],
  [bigqueryParameters, 'expiration'],
];

describe('a duration', () => {
  for (const [schema, ...names] of keys) {
    for (const name of names) {
      it(`is written in the same ways as \`${name}\``, () => {
        const key = schema.shape[name];
        assert.ok(key);
        for (const text of ['50000ms', '30s', '5m', '5min', '2h', '2hour', '1d', '1day']) {
          assert.equal(key.safeParse(text).success, true, text);
        }
        for (const text of ['', '5', '5 min', '-5m', '1.5h', '5x', 'h', '1w', '5mins']) {
          assert.equal(key.safeParse(text).success, false, text);
        }
      });
    }
  }

  it('means the same by its long and its short unit', () => {
    assert.deepEqual(
      ['5m', '5min', '2h', '2hour', '1d', '1day'].map(durationMs),
      [300_000, 300_000, 7_200_000, 7_200_000, 86_400_000, 86_400_000],
    );
  });
});
