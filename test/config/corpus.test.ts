import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkConfig } from '../../src/config/check.js';
import { loadConfig } from '../../src/config/document/document.js';
import { ConfigProblems, type Problem } from '../../src/config/document/problems.js';
import { catalogue, corpus } from './support.js';

async function problemsOf(folder: string, file: string): Promise<Omit<Problem, 'file'>[]> {
  const options = { root: corpus, catalogue, profile: 'profiles.json' };
  const problems = await check();
  return problems.map(({ file: _file, ...problem }) => problem);

  async function check(): Promise<readonly Problem[]> {
    try {
      const loaded = loadConfig(join(folder, file), { root: corpus });
      return (await checkConfig(loaded, options)).problems;
    } catch (error) {
      if (error instanceof ConfigProblems) return error.problems;
      throw error;
    }
  }
}

function configsOf(folder: string): string[] {
  return readdirSync(join(corpus, folder)).filter((name) => !name.endsWith('.problems.json'));
}

describe('the corpus of configs', () => {
  for (const file of configsOf('valid')) {
    it(`finds nothing wrong with valid/${file}`, async () => {
      assert.deepEqual(await problemsOf('valid', file), []);
    });
  }

  for (const file of configsOf('invalid')) {
    it(`finds every problem of invalid/${file}`, async () => {
      const expected: unknown = JSON.parse(
        readFileSync(join(corpus, 'invalid', `${file}.problems.json`), 'utf8'),
      );
      const problems = await problemsOf('invalid', file);
      assert.deepEqual(problems, expected);
      assert.notEqual(problems.length, 0);
    });
  }

  it('shows no inline secret in any message', async () => {
    const text = JSON.stringify(await problemsOf('invalid', 'secrets.yaml'));
    assert.doesNotMatch(text, /canary|424242/);
  });
});
