import assert from 'node:assert/strict';
import { CatalogueError, assertNamesDiffer } from '../../src/config/modules/catalogue.js';
import type { Catalogue, ModuleEntry } from '../../src/config/modules/catalogue.js';
import { buildPlan } from '../../src/config/build-plan.js';
import { checkConfig } from '../../src/config/check.js';
import { parseConfig } from '../../src/config/document/document.js';
import { pipelineSchema } from '../../src/config/generate/pipeline-schema.js';
import { referencePages } from '../../src/config/generate/reference-docs.js';
import { allModules } from '../../src/config/modules/module-info.js';
import { usedProfiles } from '../../src/config/job/job-profiles.js';
import { catalogue as kept, temporaryFolder } from './support.js';

const feed: ModuleEntry = {
  kind: 'sink',
  name: 'feed',
  summary: 'Sends rows.',
  capabilities: { incremental: false, row_wise: false, inputs: 1, idempotence: 'at-least-once' },
  sql_parameters: [],
  path_parameters: [],
  schema: {
    type: 'object',
    properties: { topic: { type: 'string' }, profile: { type: 'string' } },
    required: ['topic'],
    additionalProperties: false,
  },
};
const catalogue: Catalogue = { ...kept, modules: [...kept.modules, feed] };
const orders = { name: 'orders', module: 'files', parameters: { path: '*.csv', format: 'csv' } };
const windowed = {
  name: 'orders',
  module: 'postgres',
  incremental: true,
  parameters: { profile: 'pg', query: 'SELECT 1 AS id', incremental_column: 'id' },
};
const told = { name: 'told', module: 'feed', input: 'orders', parameters: { topic: 't' } };
const table = {
  name: 'table',
  module: 'duckdb',
  input: 'orders',
  parameters: { database: 'w.duckdb', table: 't' },
};

describe('a sink in the job', () => {
  const folder = temporaryFolder();
  const loadedOf = (config: object) => {
    const text = JSON.stringify({ name: 'a', ...config });
    return parseConfig(text, { file: 'a.json', path: folder.write('a.json', text), json: true });
  };
  const problemsOf = async (config: object): Promise<string[]> => {
    const options = { root: folder.path, catalogue };
    const { problems } = await checkConfig(loadedOf(config), options);
    return problems.map(({ path, message }) => `${path} ${message}`);
  };
  const built = (config: object) =>
    buildPlan(loadedOf(config), { root: folder.path, store: 's1', catalogue });

  it('is planned apart from what is published, with its own word for what a retry does', async () => {
    const { plan, destinations } = await built({ sources: [orders], sinks: [told, table] });
    assert.deepEqual(plan.job_sinks, [{ ...told, idempotence: 'at-least-once' }]);
    assert.deepEqual(
      plan.sinks.map(({ name }) => name),
      ['table'],
    );
    assert.match(plan.sinks[0]?.destination ?? '', /^duckdb:/);
    assert.deepEqual(
      destinations.map(({ sink }) => sink),
      ['table'],
    );
  });

  it('is enough by itself, and leaves no trace in the plans of others', async () => {
    assert.deepEqual((await built({ sources: [orders], sinks: [told] })).plan.sinks, []);
    assert.ok(!('job_sinks' in (await built({ sources: [orders], sinks: [table] })).plan));
  });

  it('has its parameters checked by the schema of its module', async () => {
    const wrong = { ...told, parameters: { topik: 't' } };
    assert.deepEqual(await problemsOf({ sources: [orders], sinks: [wrong] }), [
      'sinks[0].parameters.topik unknown key; did you mean `topic`? (sink `told`)',
    ]);
  });

  it('is named among the modules of sinks, whichever kind is misspelt', async () => {
    const problems = await problemsOf({ sources: [orders], sinks: [{ ...told, module: 'fed' }] });
    assert.match(problems.join(), /no sink module is named `fed`; did you mean `feed`/);
  });

  for (const [key, value] of Object.entries({
    mode: 'append',
    on_empty: 'fail',
    on_schema_change: 'fail',
    merge_keys: ['id'],
    merge_order: ['id'],
  })) {
    it(`refuses \`${key}\`, which is for what is published`, async () => {
      const problems = await problemsOf({ sources: [orders], sinks: [{ ...told, [key]: value }] });
      assert.deepEqual(problems, [
        `sinks[0].${key} is for a sink that is published; module \`feed\` writes while the job runs: remove it`,
      ]);
    });
  }

  it('remembers no window: a source that is read in windows reaches one that is published, too', async () => {
    const problems = await problemsOf({ sources: [windowed], sinks: [told] });
    assert.match(
      problems.join(),
      /sources\[0\]\.incremental sink `told` writes while the job runs and remembers no window; let the rows also/,
    );
    const beside = { sources: [windowed], sinks: [told, { ...table, mode: 'append' }] };
    assert.deepEqual(await problemsOf(beside), []);
  });

  it('is not what a window begins from', async () => {
    const parameters = { ...windowed.parameters, destination_sink_name: 'told' };
    const sources = [{ ...windowed, parameters }];
    assert.match(
      (await problemsOf({ sources, sinks: [told, { ...table, mode: 'append' }] })).join(),
      /destination_sink_name sink `told` writes while the job runs .*name one that is published: `table`/,
    );
  });

  it('does not shift the places of the sinks behind it', async () => {
    const twice = { ...table, name: 'again' };
    await assert.rejects(
      built({ sources: [orders], sinks: [told, table, twice] }),
      /sinks\[2\]\.parameters/,
    );
  });

  it('may use a connection profile', () => {
    const parameters = { topic: 't', profile: 'kafka' };
    const planned = { ...told, parameters, idempotence: 'at-least-once' };
    const plan = { sources: [], transforms: [], job_sinks: [planned] };
    assert.deepEqual(usedProfiles(plan), ['kafka']);
  });

  it('stands in the JSON Schema, without the keys of a publish, and in the reference', async () => {
    const modules = await allModules(catalogue);
    const schema = JSON.stringify(pipelineSchema(modules));
    assert.match(schema, /"const":"feed","description":"Sends rows\."/);
    assert.match(schema, /"\$ref":"#\/\$defs\/sink\.feed"\},"mode":false,"merge_keys":false/);
    const page = referencePages(modules)['sink-feed.md'] ?? '';
    assert.match(
      page,
      /nothing is staged or published\. A row that is written again: at-least-once\./,
    );
    assert.match(page, /\| `topic` \| text \| required \|/);
  });

  it('may not have the name of a destination', () => {
    const same = { ...catalogue, modules: [{ ...feed, name: 'duckdb' }] };
    assert.throws(
      () => assertNamesDiffer(same, ['duckdb']),
      (error) => {
        assert.ok(error instanceof CatalogueError);
        assert.match(
          error.message,
          /src\/destinations\/duckdb\) and .*modules\/sink\/duckdb\).*rename/,
        );
        return true;
      },
    );
    assertNamesDiffer({ ...same, modules: [{ ...feed, kind: 'source', name: 'duckdb' }] }, [
      'duckdb',
    ]);
  });
});
