import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { checkConfig } from '../../src/config/check.js';
import { parseConfig } from '../../src/config/document/document.js';
import { formatProblems, type Problem } from '../../src/config/document/problems.js';
import { isMapping } from '../../src/config/values/values.js';
import { catalogue, corpus, temporaryFolder } from './support.js';

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

describe('docs/connections.md', () => {
  const text = readFileSync(join(packageRoot, 'docs', 'connections.md'), 'utf8');
  const block = (language: string): string =>
    new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(text)?.[1] ?? '';
  const folder = temporaryFolder();

  it('shows profiles that are right', async () => {
    const profiles = folder.write('.connections.json', block('json'));
    const keys = Object.keys(JSON.parse(block('json')) as object);
    assert.deepEqual(keys, ['shop', 'crm']);
    for (const key of keys) {
      const config = {
        name: 'a',
        sources: [
          { name: 'a', module: 'postgres', parameters: { profile: key, query: 'select 1' } },
        ],
        sinks: [
          { name: 'b', module: 'duckdb', input: 'a', parameters: { database: 'w', table: 't' } },
        ],
      };
      assert.deepEqual(await problemsOf(JSON.stringify(config), profiles), []);
    }
  });

  it('shows a config with the attributes in it', async () => {
    assert.deepEqual(await problemsOf(block('yaml')), []);
    const plain = block('yaml').replace('${env:SHOP_PASSWORD}', 'plain');
    assert.match((await problemsOf(plain))[0]?.message ?? '', /a secret may not stand in a config/);
  });

  async function problemsOf(config: string, profile?: string): Promise<Problem[]> {
    const path = folder.write('a.yaml', config);
    const loaded = parseConfig(config, { file: 'a.yaml', path });
    return (await checkConfig(loaded, { root: folder.path, catalogue, profile })).problems;
  }
});
