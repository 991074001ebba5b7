import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { execa } from 'execa';
import { widthOf } from '../../src/text/columns.js';
import { packageRoot } from '../../src/dev/services/tools.js';

describe('make demo', function () {
  this.timeout(180_000);
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'beamline-demo-'));
    cpSync(join(packageRoot, 'examples'), join(root, 'examples'), { recursive: true });
  });
  after(() => rmSync(root, { recursive: true }));

  async function demo(): Promise<string> {
    const { exitCode, stdout, stderr } = await execa(
      process.execPath,
      [join(packageRoot, 'dist', 'src', 'dev', 'demo', 'main.js'), '--root', root],
      { env: { DEMO_EXIT: '1' }, stdin: 'ignore', reject: false },
    );
    assert.equal(exitCode, 0, `${stdout}\n${stderr}`);
    return stdout;
  }

  /** What is in the warehouse: [rows, flights]. */
  async function published(): Promise<unknown[]> {
    const database = join(root, 'data', 'warehouse.duckdb');
    const instance = await DuckDBInstance.create(database, { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();
    const query = 'select count(*)::int, sum(flights)::int from flights_by_carrier';
    const rows = (await connection.runAndReadAll(query)).getRows();
    connection.closeSync();
    instance.closeSync();
    return rows[0] ?? [];
  }

  it('runs the example, shows rows and no link to what ends, and stops everything', async () => {
    const stdout = await demo();
    assert.match(
      stdout,
      /^beamline {2}demo, 3 steps: a local stack, sample data, a run of an example\n/,
    );
    assert.match(stdout, /succeeded/);
    assert.match(stdout, /United Air Lines Inc\./);
    const links = stdout.split('\n').filter((line) => /timeline|Web UI {2}/.test(line));
    assert.deepEqual(links, []);
    const parts = stdout.split('\n').filter((line) => line.startsWith('  ✔'));
    assert.ok(parts.length > 3);
    assert.deepEqual(
      parts.filter((line) => widthOf(line) > 80),
      [],
    );
    assert.equal(existsSync(join(root, '.beamline', 'dev.json')), false);
    assert.deepEqual(await published(), [185, 336_776]);
    const lake = join(root, 'data', 'flights_by_carrier', 'current');
    assert.equal(readdirSync(lake).filter((name) => name.startsWith('month=')).length, 12);
  });

  it('replaces the table at the second run', async () => {
    await demo();
    assert.deepEqual(await published(), [185, 336_776]);
  });
});
