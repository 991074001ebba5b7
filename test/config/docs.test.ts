import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/catalogue.js';
import { checkConfig } from '../../src/config/check.js';
import { parseConfig } from '../../src/config/document.js';
import { formatProblems, type Problem } from '../../src/config/problems.js';
import { isMapping } from '../../src/config/values.js';
import { catalogue, corpus } from './support.js';

const page = readFileSync(join(packageRoot, 'docs', 'config.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w+)( wrong)?\n([^]*?)^```$/gm)].map(
  ([, language = '', wrong, text = '']) => ({ language, isWrong: wrong !== undefined, text }),
);

async function check(text: string): Promise<Problem[]> {
  const file = { file: 'configs/orders.yaml', path: join(corpus, 'configs', 'orders.yaml') };
  const options = { root: corpus, catalogue, profile: 'profiles.json' };
  return (await checkConfig(parseConfig(text, file), options)).problems;
}

function parsed(text: string): Record<string, unknown> {
  const { value } = parseConfig(text, { file: 'a.yaml', path: '/a.yaml' });
  assert.ok(isMapping(value));
  return value;
}

describe('docs/config.md', () => {
  const configs = blocks.filter(({ language }) => language === 'yaml');
  const right = configs.filter(({ isWrong }) => !isWrong);
  const [whole, ...fragments] = right;
  it('begins with a valid config', async () => {
    assert.deepEqual(await check(whole?.text ?? ''), []);
  });

  for (const [index, { text }] of fragments.entries()) {
    it(`shows keys that may stand in it (${index + 1})`, async () => {
      const config = { ...parsed(whole?.text ?? ''), ...parsed(text) };
      assert.deepEqual(await check(JSON.stringify(config)), []);
    });
  }

  it('shows what validate says of the wrong one', async () => {
    const wrong = configs.find(({ isWrong }) => isWrong);
    const said = blocks.find(({ language }) => language === 'text');
    assert.equal(`${formatProblems(await check(wrong?.text ?? ''))}\n`, said?.text);
  });

  it('shows a profiles file that is right', () => {
    const profiles = blocks.find(({ language }) => language === 'json');
    const own: unknown = JSON.parse(readFileSync(join(corpus, 'profiles.json'), 'utf8'));
    const shown = JSON.parse(profiles?.text ?? '') as { shop: object };
    assert.deepEqual(Object.keys(shown.shop), Object.keys((own as { shop: object }).shop));
  });
});
