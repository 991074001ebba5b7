import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Stack } from '../../src/dev/stack.js';
import { createObjectStore } from '../../src/gateways/google-storage.js';
import type { ReceiptWrite } from '../../src/shared/run/receipt.js';
import { isGsUri } from '../../src/store/gs-uri.js';
import { copyClone, type CopiedClone } from '../support/copied-clone.js';
import { duckdbRows } from '../support/pipeline.js';
import { projectRoot, temporaryRoot } from '../support/stack.js';

const files = 12;
const rows = 50;
const ids = Array.from({ length: files * rows }, (_, id) => id);
/** What a receipt tells, whatever the runner is. */
const written: ReceiptWrite = {
  name: 'told',
  module: 'recording',
  state: 'written',
  rows: ids.length,
  bytes: ids.map((id) => `{"id": ${id}}`).join('').length,
  idempotence: 'idempotent by id',
};

/**
 * No sink in the job is shipped: the tests have one, `recording`, which writes each row to a file. It comes in by
 * a copy of the clone, as a new one would: a search path would be a second way in, for tests alone.
 */
describe('a sink that writes while the job runs', function () {
  this.timeout(240_000);
  let clone: CopiedClone;
  let remove: () => Promise<void>;
  let root: string;
  let faults: string;
  let stack: Stack;

  before(async () => {
    const base = await temporaryRoot();
    ({ remove } = base);
    root = join(base.root, 'project');
    faults = join(base.root, 'faults');
    await Promise.all([mkdir(join(root, 'in'), { recursive: true }), mkdir(faults)]);
    clone = await copyClone(join(base.root, 'beamline'));
    await cp(
      join(projectRoot, 'beam-pipeline/tests/modules/sink/recording'),
      join(clone.path, 'beam-pipeline/src/beam_pipeline/modules/sink/recording'),
      { recursive: true },
    );
    for (let file = 0; file < files; file++) {
      const own = ids.slice(file * rows, (file + 1) * rows);
      await writeFile(join(root, 'in', `${file}.csv`), ['id', ...own, ''].join('\n'));
    }
    process.env['BEAMLINE_FAULT_POINTS'] = faults;
    stack = await clone.startStack(root);
  });
  after(async () => {
    delete process.env['BEAMLINE_FAULT_POINTS'];
    await stack?.stop();
    await remove?.();
  });

  it('is checked before it runs', async () => {
    const file = await config('wrong', '{ foldr: out }', { runner: 'local' });
    const { stdout, stderr } = await clone.beamline(root, ['validate', file]);
    assert.match(`${stdout}${stderr}`, /foldr .*did you mean `folder`/);
  });

  /** A job on Dataflow reaches no disk of the host. */
  const places = { local: 'out', dataflow: 'gs://beamline-dev/out' } as const;
  for (const [runner, place] of Object.entries(places)) {
    describe(`with the runner ${runner}`, () => {
      const table = `${runner}.duckdb`;

      it('is planned', async () => {
        const file = await config('feed', `{ folder: ${place}/feed }`, { runner, table });
        const { stdout, stderr } = await clone.beamline(root, ['plan', file]);
        assert.match(
          stdout,
          /sink +told +recording +writes orders while the job runs \(idempotent by id\)/,
        );
        assert.match(stdout, /told +gets +id int64/);
        assert.equal(stderr.includes('Dataflow would take this launch'), runner === 'dataflow');
      });

      it('is killed in the middle, finished by the next attempt, and told in the receipt', async () => {
        const parameters = `{ folder: ${place}/feed, seconds: 0.05 }`;
        const file = await config('feed', parameters, { runner, table });
        await writeFile(join(faults, 'sink:wrote'), 'SIGKILL');
        const receipt = await clone.run(root, [file]);
        const hit = join(faults, 'sink:wrote.hit');
        assert.ok(existsSync(hit), 'nothing was killed');
        await rm(hit);
        assert.deepEqual(
          [receipt.outcome, receipt.runner, receipt.attempts],
          ['succeeded', runner, 2],
        );
        assert.deepEqual(receipt.written, [written]);
        assert.deepEqual(
          receipt.sinks.map(({ name, state, rows: count }) => [name, state, count]),
          [['table', 'published', ids.length]],
        );
        assert.deepEqual(await writtenIds(`${place}/feed`), ids);
        assert.deepEqual(
          await duckdbRows(join(root, table), 'SELECT id::int AS id FROM orders ORDER BY id'),
          ids.map((id) => ({ id })),
        );
        const shown = await clone.beamline(root, ['receipt', receipt.run_key]);
        assert.match(
          shown.stdout,
          /told +sink recording +wrote 600 rows while the job ran \(idempotent by id\)/,
        );
      });

      it('stands alone: no destination, no lock, nothing staged', async () => {
        const file = await config('alone', `{ folder: ${place}/alone }`, { runner });
        const receipt = await clone.run(root, [file]);
        assert.deepEqual([receipt.outcome, receipt.sinks], ['succeeded', []]);
        assert.equal(receipt.rows_staged, 0);
        assert.deepEqual(receipt.written, [written]);
        assert.deepEqual(await writtenIds(`${place}/alone`), ids);
      });

      it('that lost count fails the run, before anything is published', async () => {
        const parameters = `{ folder: ${place}/lossy, hides: 1 }`;
        const file = await config('lossy', parameters, { runner, table });
        const before = await readFile(join(root, table));
        const receipt = await clone.run(root, [file]);
        assert.equal(receipt.failure?.type, 'AuditFailed');
        assert.match(
          receipt.failure?.message ?? '',
          /told: 600 rows came in, and module `recording` says/,
        );
        assert.deepEqual(
          [receipt.sinks[0]?.state, receipt.written?.[0]?.state],
          ['unpublished', 'uncertain'],
        );
        assert.deepEqual(await readFile(join(root, table)), before);
      });
    });
  }

  async function writtenIds(folder: string): Promise<number[]> {
    const names: string[] = [];
    if (isGsUri(folder)) {
      const objects = createObjectStore({ endpoint: stack.record.storage?.endpoint });
      for await (const { uri } of objects.list(`${folder}/`)) names.push(uri);
    } else names.push(...(await readdir(join(root, folder))));
    return names.map((name) => Number(basename(name, '.json'))).toSorted((a, b) => a - b);
  }

  /** @param table DuckDB's file, of a second sink */
  async function config(
    what: string,
    parameters: string,
    { runner, table }: { runner: string; table?: string },
  ): Promise<string> {
    const name = `${runner}-${what}`;
    const second = `
  - name: table
    module: duckdb
    input: orders
    parameters: { database: ${table}, table: orders }`;
    await writeFile(
      join(root, `${name}.yaml`),
      `name: ${name}
runner: ${runner}
launch: { attempts: 2 }
sources:
  - { name: orders, module: files, parameters: { path: in/*.csv, format: csv } }
sinks:
  - { name: told, module: recording, input: orders, parameters: ${parameters} }${table ? second : ''}
`,
    );
    return `${name}.yaml`;
  }
});
