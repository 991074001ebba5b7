import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { createAudit } from '../../src/activities/staged/audit.js';
import type { PlannedSink } from '../../src/config/plan/plan-types.js';
import type { Manifest, ManifestStep, WrittenSink } from '../../src/shared/run/manifest.js';
import type { RunWindows } from '../../src/shared/run/window.js';
import type { Audit, RunReference } from '../../src/workflows/contract/activities.js';
import { ids, stage } from '../destinations/support.js';
import { windows } from '../support/run-windows.js';
import { temporaryRoot } from '../support/stack.js';
import { inActivity, manifestOf, openProject, pin, type Project } from './support.js';

const warehouse: PlannedSink = {
  name: 'warehouse',
  module: 'duckdb',
  parameters: { database: 'w.duckdb', table: 'orders' },
  destination: 'duckdb:warehouse',
  input: 'orders',
  mode: 'replace',
  on_empty: 'truncate',
  on_schema_change: 'fail',
};
const step: ManifestStep = {
  kind: 'transform',
  module: 'select',
  rows_in: 5,
  rows_out: 4,
  rows_rejected: 1,
  bytes_out: 32,
  row_wise: true,
};

describe('the audit of what was staged', () => {
  let root: string;
  let remove: () => Promise<void>;
  let project: Project;
  let run: RunReference;
  let whole: Manifest;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    project = await openProject(root, 'http://127.0.0.1:9');
  });
  beforeEach(async () => {
    run = await pin(project, 'runkey0001', { sources: [], sinks: [warehouse] });
    whole = manifestOf(run, { warehouse: await stage(root, ids(1, 2), ids(3, 5)) });
  });
  after(() => remove());

  it('tells the rows of each sink and step', async () => {
    const source: ManifestStep = { ...step, kind: 'source', rows_in: null, row_wise: false };
    const audited = await audit({
      ...whole,
      steps: { orders: { ...source, rows_out: 5, rows_rejected: 0 }, slim: step },
    });
    assert.equal(audited.sinks['warehouse']?.rows, 5);
    assert.deepEqual([audited.rowsRead, audited.rowsStaged, audited.rowsRejected], [5, 5, 1]);
  });

  it('counts rows that two sinks take once', async () => {
    const lake = { ...warehouse, name: 'lake', destination: 'duckdb:lake' };
    const sums = { ...warehouse, name: 'sums', destination: 'duckdb:sums', input: 'sums' };
    run = await pin(project, 'runkey0001', { sources: [], sinks: [warehouse, lake, sums] });
    const same = await stage(root, ids(1, 5));
    const audited = await audit(
      manifestOf(run, { warehouse: same, lake: same, sums: await stage(root, ids(1, 2)) }),
    );
    assert.equal(audited.rowsStaged, 7);
  });

  it('takes windows that are those of the run', async () => {
    run = { ...run, windows };
    await audit({ ...whole, windows });
  });

  it('takes a step that is not row-wise whatever comes out of it', async () => {
    await audit({ ...whole, steps: { sums: { ...step, row_wise: false, rows_out: 1 } } });
  });

  const refused: Record<string, [change: (manifest: Manifest) => Manifest, message: RegExp]> = {
    'of another run': [
      (manifest) => ({ ...manifest, run_key: 'runkey0002' }),
      /belongs to another run or plan/,
    ],
    'of another plan': [
      (manifest) => ({ ...manifest, plan_sha256: 'c'.repeat(64) }),
      /belongs to another run or plan/,
    ],
    'read in windows though the run has none': [
      (manifest) => ({ ...manifest, windows }),
      /read in other windows/,
    ],
    'without the rows of a sink': [
      (manifest) => ({ ...manifest, sinks: {} }),
      /nothing was staged for `warehouse`/,
    ],
    'whose row-wise step lost a row': [
      (manifest) => ({ ...manifest, steps: { slim: { ...step, rows_out: 3 } } }),
      /slim: 5 rows came in, 3 went out and 1 were rejected: that does not add up/,
    ],
    'whose row-wise step made a row': [
      (manifest) => ({ ...manifest, steps: { slim: { ...step, rows_out: 5 } } }),
      /slim: 5 rows came in, 5 went out and 1 were rejected/,
    ],
    'whose row-wise step does not say what came in': [
      (manifest) => ({ ...manifest, steps: { slim: { ...step, rows_in: null } } }),
      /slim: nobody counted what came in, 4 went out/,
    ],
    'whose file holds more rows than it says': [
      (manifest) =>
        changed(manifest, ({ files: [first, ...rest], ...sink }) => ({
          ...sink,
          rows: sink.rows - 1,
          files: [{ ...fileOf(first), rows: fileOf(first).rows - 1 }, ...rest],
        })),
      /holds 2 rows, its manifest says 1/,
    ],
    'whose files are fewer than its rows': [
      (manifest) => changed(manifest, (sink) => ({ ...sink, rows: sink.rows + 1 })),
      /warehouse: its files hold 5 rows, not 6/,
    ],
    'whose files are more than its rows': [
      (manifest) => changed(manifest, (sink) => ({ ...sink, rows: 0 })),
      /warehouse: its files hold 5 rows, not 0/,
    ],
  };
  for (const [name, [change, message]] of Object.entries(refused)) {
    it(`refuses a manifest ${name}`, async () => {
      await rejects(audit(change(whole)), message);
    });
  }

  for (const [name, other] of Object.entries({
    'another beginning': { low: '0' },
    'another end': { high: '11' },
    'another column': { column: 'number' },
    'its beginning left out': { low_inclusive: false },
  })) {
    it(`refuses what was read in a window with ${name}`, async () => {
      run = { ...run, windows };
      const read = { orders: { ...windows['orders'], ...other } } as RunWindows;
      await rejects(audit({ ...whole, windows: read }), /read in other windows/);
    });
  }

  it('refuses a run with windows whose manifest has none', async () => {
    run = { ...run, windows };
    await rejects(audit(whole), /read in other windows/);
  });

  describe('of a sink in the job', () => {
    const told = {
      name: 'told',
      module: 'feed',
      input: 'orders',
      parameters: {},
      idempotence: 'at-least-once',
    };
    const wrote: WrittenSink = {
      kind: 'in_job',
      module: 'feed',
      input: 'orders',
      idempotence: 'at-least-once',
      rows: 5,
      bytes: 40,
    };
    const orders: ManifestStep = { ...step, kind: 'source', rows_in: null, row_wise: false };
    const steps = { orders: { ...orders, rows_out: 5, rows_rejected: 0 } };

    beforeEach(async () => {
      run = await pin(project, 'runkey0001', { sources: [], sinks: [], job_sinks: [told] });
      whole = { ...manifestOf(run, {}), steps };
    });

    it('counts what it wrote; nothing is staged', async () => {
      const audited = await audit({ ...whole, written: { told: wrote } });
      assert.deepEqual(audited.written, {
        told: { rows: 5, bytes: 40, idempotence: 'at-least-once' },
      });
      assert.deepEqual([audited.sinks, audited.rowsRead, audited.rowsStaged], [{}, 5, 0]);
    });

    for (const rows of [4, 6]) {
      it(`refuses ${rows} rows where 5 came in, and says what stays`, async () => {
        await rejects(
          audit({ ...whole, written: { told: { ...wrote, rows } } }),
          /told: 5 rows came in, and module `feed` says that it wrote \d\. They stay .*\(at-least-once\)/,
          'AuditFailed',
        );
      });
    }

    it('refuses a manifest that does not count it, as one of an older worker', async () => {
      await rejects(audit(whole), /nobody counted what `told` wrote/);
    });
  });

  it('refuses a manifest that was changed after it was written, by whatever', async () => {
    const staged = await written(whole);
    await appendFile(staged.manifestUri, ' ');
    await rejects(inActivity(createAudit(project.deps), run, staged), /was changed after/);
  });

  it('refuses a file that was cut short, or is gone', async () => {
    const file = fileOf(whole.sinks['warehouse']?.files[0]).uri;
    await truncate(file, 20);
    await rejects(audit(whole), /warehouse: the staged file .* cannot be read|has 20 bytes/);
  });

  async function written(manifest: Manifest) {
    const text = JSON.stringify(manifest);
    const manifestUri = join(root, 'manifest.json');
    await writeFile(manifestUri, text);
    const manifestSha256 = createHash('sha256').update(text).digest('hex');
    return { manifestUri, manifestSha256, attempt: 1 };
  }

  async function audit(manifest: Manifest): Promise<Audit> {
    return inActivity(createAudit(project.deps), run, await written(manifest));
  }
});

/** A manifest whose sink is changed. */
function changed(
  manifest: Manifest,
  change: (sink: Manifest['sinks'][string]) => Manifest['sinks'][string],
): Manifest {
  const sink = manifest.sinks['warehouse'];
  assert.ok(sink);
  return { ...manifest, sinks: { warehouse: change(sink) } };
}

function fileOf<T>(file: T | undefined): T {
  assert.ok(file);
  return file;
}

async function rejects(
  auditing: Promise<Audit>,
  message: RegExp,
  type = 'StagingDamaged',
): Promise<void> {
  await assert.rejects(auditing, (error) => {
    assert.ok(error instanceof ApplicationFailure, String(error));
    assert.equal(error.type, type);
    assert.match(error.message, message);
    return true;
  });
}
