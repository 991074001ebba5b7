import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalogue, packageRoot } from '../../src/config/modules/catalogue.js';
import { checkConfig } from '../../src/config/check.js';
import { destinationNames } from '../../src/destinations/registry.js';
import { loadConfig } from '../../src/config/document/document.js';

const folder = join(packageRoot, '..', 'shared', 'reference');

describe("the reference's configs", () => {
  it('load unchanged; only modules that are not here yet are missed', async function () {
    if (!existsSync(folder)) {
      console.log(`      skipped: ${folder} is not there`);
      this.skip();
    }
    const names = readdirSync(folder).filter(
      (name) => name.endsWith('.json') && name !== 'connections.json',
    );
    assert.equal(names.length, 7);
    const catalogue = loadCatalogue(packageRoot);
    const destinations = destinationNames();
    for (const name of names) {
      const loaded = loadConfig(name, { root: folder });
      const { problems, steps } = await checkConfig(loaded, {
        root: folder,
        profile: 'connections.json',
        catalogue,
      });
      const expected = steps.filter(
        ({ kind, module }) =>
          !destinations.includes(module ?? '') &&
          !catalogue.modules.some((known) => known.kind === kind && known.name === module),
      ).length;
      const unknown = problems.filter((problem) => problem.message.startsWith('unknown module: '));
      assert.deepEqual(problems, unknown, name);
      assert.equal(unknown.length, expected, name);
    }
  });
});
