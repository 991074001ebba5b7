import assert from 'node:assert/strict';
import { loadCatalogue, packageRoot } from '../../src/config/modules/catalogue.js';
import { loadConfig } from '../../src/config/document/document.js';
import { buildPlan } from '../../src/config/build-plan.js';
import { temporaryFolder } from './support.js';

describe('a beamsql step', () => {
  const folder = temporaryFolder();
  const sql =
    'SELECT id, name, count(*) AS `count` FROM a GROUP BY id, name UNION ALL ' +
    'SELECT id, name, count(*) AS `count` FROM b GROUP BY id, name';
  // The transform as it stands in the reference's example.
  const step = {
    name: 'BeamsqlTransform',
    module: 'beamsql',
    inputs: ['postgresInput', 'postgresInput'],
    parameters: { sql, inputs_alias: ['a', 'b'] },
  };

  async function planned(transform: object): Promise<unknown> {
    folder.write(
      '.connections.json',
      '{"test_postgres": {"host": "db", "database": "d", "user": "u", "password": "p"}}',
    );
    const text = JSON.stringify({
      name: 'postgres-beamsql',
      sources: [
        {
          name: 'postgresInput',
          module: 'postgres',
          parameters: { query: 'select id, name from test;', profile: 'test_postgres' },
        },
      ],
      transforms: [transform],
      sinks: [
        {
          name: 'out',
          module: 'duckdb',
          input: 'BeamsqlTransform',
          parameters: { database: 'x.duckdb', table: 't' },
        },
      ],
    });
    folder.write('a.json', text);
    const loaded = loadConfig('a.json', { root: folder.path });
    const options = { root: folder.path, store: 's1', catalogue: loadCatalogue(packageRoot) };
    return (await buildPlan(loaded, options)).plan.transforms[0];
  }

  it('reads one input under two names', async () => {
    assert.deepEqual(await planned(step), step);
  });

  it('takes its SQL from a file', async () => {
    folder.write('sql/counts.sql', `${sql}\n`);
    const parameters = { ...step.parameters, sql: 'sql/counts.sql' };
    assert.deepEqual(await planned({ ...step, parameters }), {
      ...step,
      parameters: { ...step.parameters, sql: `${sql}\n` },
    });
  });
});
