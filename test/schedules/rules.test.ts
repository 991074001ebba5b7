import assert from 'node:assert/strict';
import { startSite, type Site } from './site.js';

/**
 * The rules of satokiyo/pydataflow-template (docs/README.md, 3.2): whether the config enables the
 * schedule, whether it exists, and what is done.
 */
const rules = [
  { enable: true, exists: true, kind: 'update' },
  { enable: true, exists: false, kind: 'create' },
  { enable: false, exists: true, kind: 'delete' },
  { enable: false, exists: false, kind: 'left' },
] as const;

describe('the four rules of schedules', function () {
  this.timeout(60_000);
  let site: Site;
  before(async () => {
    site = await startSite();
  });
  after(() => site?.end());

  for (const { enable, exists, kind } of rules) {
    for (const written of [enable, String(enable)]) {
      const shown = JSON.stringify(written);
      const name = `${kind}-${typeof written}`;
      const path = `configs/${name}.json`;
      it(`enable: ${shown} and ${exists ? 'it exists' : 'it does not exist'}: ${kind}`, async () => {
        if (exists) {
          site.write(path, { name, cron: '0 0 * * *', enable: 'true' });
          await site.apply([path]);
        }
        site.write(path, { name, cron: '0 3 * * *', enable: written });
        const { changes } = await site.schedules.plan([path]);
        assert.deepEqual(
          changes.map((change) => [change.kind, change.name]),
          [[kind, name]],
        );
        await site.apply([path]);
        if (!enable) {
          await assert.rejects(site.describe(name), /not found/i);
        } else {
          const { spec, memo } = await site.describe(name);
          assert.deepEqual(spec.calendars?.[0]?.hour, [{ start: 3, end: 3, step: 1 }]);
          assert.equal(((memo ?? {})['beamline'] as { config: string }).config, path);
        }
        assert.deepEqual(await site.kinds([path]), enable ? [] : [`left ${name}`]);
      });
    }
  }

  it('enable is true where it is not written', async () => {
    site.write('configs/default.json', { name: 'default', cron: '0 0 * * *' });
    assert.deepEqual(await site.kinds(['configs/default.json']), ['create default']);
  });
});
