import assert from 'node:assert/strict';
import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { projectRoot } from '../support/stack.js';
import { startProject, type Project } from './project.js';
import { publishedIn, type Published } from './published.js';

interface Example {
  /** What is typed after `./beamline run FILE`, one run each. */
  runs: string[];
  /** Queries over what the runs published, and their rows. */
  results: Record<string, unknown[][]>;
  /** The same of BigQuery. */
  bigquery?: Record<string, unknown[][]>;
}

/** Each file of `examples/` and `configs/`, and what its runs leave behind. */
const examples: Record<string, Example> = {
  'configs/airlines.yaml': {
    runs: ['', ''],
    results: {
      'SELECT count(*)::int, count(DISTINCT carrier)::int FROM warehouse.airlines': [[16, 16]],
    },
  },
  'examples/flights.yaml': {
    runs: [''],
    results: {
      "SELECT count(*)::int, sum(flights)::int FROM 'data/flights_by_carrier/current/*/*.parquet'":
        [[185, 336_776]],
    },
  },
  'examples/flights-of-a-month.yaml': {
    runs: ['--arg month=2'],
    results: {
      "SELECT count(*)::int, count(DISTINCT carrier)::int FROM 'data/flights_of_month_2/current/*/*.parquet'":
        [[24_951, 15]],
    },
  },
  'examples/csv-to-parquet.yaml': {
    runs: [''],
    results: {
      "SELECT id, name, customer_since::text, source, is_new, country FROM 'data/customers/current/*/*.parquet' ORDER BY id":
        [
          [1, 'Ada Lovelace', '2024-03-01', 'shop', false, 'GB'],
          [2, 'Zoë Müller', '2024-11-17', 'shop', false, 'DE'],
          [3, 'Nakamura, Ken', '2025-02-28', 'shop', true, 'JP'],
          [4, 'Amélie Roux', '2025-07-14', 'shop', true, 'FR'],
        ],
    },
  },
  'examples/append-json-lines.yaml': {
    runs: ['--arg day=2026-01-01', '--arg day=2026-01-02'],
    results: {
      'SELECT count(*)::int, count(DISTINCT id)::int, sum(amount)::text FROM shop.orders': [
        [5, 5, '376.99'],
      ],
      'SELECT tags::text FROM shop.orders WHERE id = 105': [['["gift","rush"]']],
    },
  },
  'examples/flights-incremental.yaml': {
    runs: ['', ''],
    results: {
      'SELECT count(*)::int, count(DISTINCT carrier)::int FROM flights.flights': [[336_776, 16]],
      'SELECT list("rows" ORDER BY version)::text FROM flights._beamline.commits': [
        ['[336776, 0]'],
      ],
    },
  },
  'examples/planes-to-bigquery.yaml': {
    runs: ['', ''],
    results: {},
    bigquery: {
      'SELECT COUNT(*), SUM(flights) FROM `beamline-dev.demo.planes`': [['4043', '334264']],
    },
  },
  'examples/join-by-key.yaml': {
    runs: ['', ''],
    results: {
      'SELECT id::int, orders::int, amount::text FROM shop.customer_totals ORDER BY id': [
        [1, 2, '25.00'],
        [2, 1, '99.99'],
        [3, 2, '252.00'],
        [4, 0, '0.00'],
      ],
    },
  },
};

const planes = '`beamline-dev.demo.planes`';

describe('the examples', function () {
  this.timeout(240_000);
  let project: Project;
  before(async () => {
    project = await startProject();
    cpSync(join(projectRoot, 'configs'), join(project.root, 'configs'), { recursive: true });
  });
  after(() => project?.stop());

  it('are all run here', () => {
    const files = ['configs', 'examples'].flatMap((folder) =>
      readdirSync(join(projectRoot, folder))
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => `${folder}/${name}`),
    );
    assert.deepEqual(files.toSorted(), Object.keys(examples).toSorted());
  });

  for (const [name, example] of Object.entries(examples)) {
    const published: Record<string, Published> = {};
    for (const runner of ['local', 'dataflow']) {
      it(`${name} publishes what it says, with the runner ${runner}`, async () => {
        rmSync(join(project.root, 'data'), { recursive: true, force: true });
        if (example.bigquery) await project.query(`DROP TABLE IF EXISTS ${planes}`);
        for (const options of example.runs) {
          const { exitCode, output } = await project.shell(
            `./beamline run ${name} --runner ${runner} ${options}`,
          );
          assert.equal(exitCode, 0, output);
          assert.match(output, /^succeeded in /m);
        }
        for (const [query, rows] of Object.entries(example.results)) {
          assert.deepEqual(await rowsOf(project.root, query), rows);
        }
        for (const [query, rows] of Object.entries(example.bigquery ?? {})) {
          assert.deepEqual(await project.query(query), rows);
        }
        published[runner] = example.bigquery
          ? { planes: await project.query(`SELECT * FROM ${planes} ORDER BY tailnum`) }
          : await publishedIn(join(project.root, 'data'));
        assert.ok(Object.values(published[runner]).every((rows) => rows.length > 0));
      });
    }

    it(`${name} publishes the same tables with both runners, row by row`, () => {
      assert.notEqual(Object.keys(published['local'] ?? {}).length, 0);
      assert.deepEqual(published['dataflow'], published['local']);
    });
  }
});

/** Rows of a query whose paths begin at `root`; each of the names is a database in `data`. */
async function rowsOf(root: string, query: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    for (const name of ['shop', 'flights', 'warehouse'].filter((each) =>
      query.includes(`FROM ${each}.`),
    )) {
      await connection.run(`ATTACH '${join(root, `data/${name}.duckdb`)}' AS ${name} (READ_ONLY)`);
    }
    const absolute = query.replace("'data/", `'${root}/data/`);
    return (await connection.runAndReadAll(absolute)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
