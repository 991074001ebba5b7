import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { loadConfig } from '../../src/config/document/document.js';
import { pipelineSchema } from '../../src/config/generate/pipeline-schema.js';
import { referencePages } from '../../src/config/generate/reference-docs.js';
import { allModules } from '../../src/config/modules/module-info.js';
import { ConfigProblems } from '../../src/config/document/problems.js';
import { catalogue, corpus } from './support.js';

const modules = await allModules(catalogue);

describe('the schema for editors', () => {
  const validate = new Ajv2020({ strict: false, allErrors: true }).compile(pipelineSchema(modules));

  for (const file of readdirSync(join(corpus, 'valid'))) {
    it(`accepts valid/${file}`, () => {
      validate(loadConfig(`valid/${file}`, { root: corpus }).value);
      assert.deepEqual(validate.errors ?? [], []);
    });
  }

  for (const file of [
    'misspelt.yaml',
    'missing.yaml',
    'wrong-types.yaml',
    'not-supported-yet.yaml',
  ]) {
    it(`marks invalid/${file}`, () => {
      assert.equal(validate(loadConfig(`invalid/${file}`, { root: corpus }).value), false);
    });
  }

  it('marks a misspelt parameter of a module at its place', () => {
    validate(loadConfig('invalid/misspelt.yaml', { root: corpus }).value);
    const unknown = (validate.errors ?? []).map(({ instancePath, params }) => [
      instancePath,
      (params as { additionalProperty?: string }).additionalProperty,
    ]);
    assert.ok(unknown.some(([at, key]) => at === '/sources/1/parameters' && key === 'querry'));
    assert.ok(unknown.some(([at, key]) => at === '/sinks/0/parameters' && key === 'databse'));
  });

  it('describes every parameter of every module', () => {
    for (const [name, page] of Object.entries(referencePages(modules))) {
      assert.doesNotMatch(page, /\| {2}\|$/m, `${name} has a key without a description`);
    }
  });
});

describe('the corpus', () => {
  it('has a config for each kind of syntax error', () => {
    const syntax = readdirSync(join(corpus, 'invalid')).filter((name) => {
      if (name.endsWith('.problems.json')) return false;
      try {
        loadConfig(`invalid/${name}`, { root: corpus });
        return false;
      } catch (error) {
        return error instanceof ConfigProblems;
      }
    });
    for (const name of ['alias-bomb.yaml', 'duplicate-key.json', 'malformed.json', 'tabs.yaml']) {
      assert.ok(syntax.includes(name), name);
    }
  });
});
