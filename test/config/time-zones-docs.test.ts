import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCatalogue, packageRoot } from '../../src/config/modules/catalogue.js';
import { checkConfig } from '../../src/config/check.js';
import { parseConfig } from '../../src/config/document/document.js';
import { isMapping } from '../../src/config/values/values.js';
import { corpus } from './support.js';

describe('docs/time-zones.md', () => {
  const page = readFileSync(join(packageRoot, 'docs', 'time-zones.md'), 'utf8');
  const blocks = [...page.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = '']) => text);
  const file = { file: 'a.yaml', path: join(corpus, 'a.yaml') };

  async function problemsOf(config: unknown): Promise<string[]> {
    const loaded = parseConfig(JSON.stringify(config), file);
    const options = {
      root: corpus,
      catalogue: loadCatalogue(packageRoot),
      profile: 'profiles.json',
    };
    return (await checkConfig(loaded, options)).problems.map(({ message }) => message);
  }

  function parsed(text: string | undefined): Record<string, unknown> {
    const { value } = parseConfig(text ?? '', file);
    assert.ok(isMapping(value));
    return value;
  }

  it('shows a config that is right, and a step that may stand in it', async () => {
    assert.equal(blocks.length, 2);
    const whole = parsed(blocks[0]);
    assert.deepEqual(await problemsOf(whole), []);
    assert.deepEqual(await problemsOf({ ...whole, ...parsed(blocks[1]) }), []);
  });

  it('shows a zone that another name would not be', async () => {
    const [message] = await problemsOf({ ...parsed(blocks[0]), timezone: 'Asia/Tokio' });
    assert.match(message ?? '', /time zone/);
  });
});
