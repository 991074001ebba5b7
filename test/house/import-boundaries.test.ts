import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { packageRoot } from '../../src/dev/services/tools.js';

const report = z.object({
  diagnostics: z.array(z.object({ code: z.string(), labels: z.array(z.unknown()) }).loose()),
});

describe('the import boundaries', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'beamline-boundaries-'));
    cpSync(join(packageRoot, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** How often the boundary rule fires on a file that holds only this import. */
  async function violations(file: string, specifier: string): Promise<number> {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `export { something } from '${specifier}';\n`);
    const linter = join(packageRoot, 'node_modules', '.bin', 'oxlint');
    const { stdout } = await execa(linter, ['--format=json', path], { cwd: folder, reject: false });
    const { diagnostics } = report.parse(JSON.parse(stdout));
    return diagnostics.filter(({ code }) => code.includes('no-restricted-imports')).length;
  }

  for (const specifier of ['@temporalio/workflow', './b.js', './a/b.js', '../shared/b.js']) {
    it(`let workflow code import ${specifier}`, async () => {
      assert.equal(await violations('src/workflows/a.ts', specifier), 0);
    });
  }

  for (const specifier of [
    'node:fs',
    'zod',
    '@temporalio/worker',
    '@temporalio/workflow/lib/internals.js',
    '../config/b.js',
    '../sharedness/b.js',
    './../config/b.js',
    '../shared/../config/b.js',
  ]) {
    it(`do not let workflow code import ${specifier}`, async () => {
      assert.notEqual(await violations('src/workflows/a.ts', specifier), 0);
    });
  }

  for (const specifier of ['@temporalio/common', 'zod', './b.js']) {
    it(`let shared code import ${specifier}`, async () => {
      assert.equal(await violations('src/shared/a.ts', specifier), 0);
    });
  }

  for (const specifier of [
    'node:fs',
    '@temporalio/workflow',
    '../config/b.js',
    './../config/b.js',
  ]) {
    it(`do not let shared code import ${specifier}`, async () => {
      assert.notEqual(await violations('src/shared/a.ts', specifier), 0);
    });
  }

  for (const specifier of [
    '@temporalio/workflow',
    './b.js',
    '../c/b.js',
    '../b.js',
    '../../shared/run/b.js',
  ]) {
    it(`let workflow code in a folder import ${specifier}`, async () => {
      assert.equal(await violations('src/workflows/a/a.ts', specifier), 0);
    });
  }

  for (const specifier of [
    'node:fs',
    'zod',
    '../../config/b.js',
    '../../sharedness/b.js',
    '../c/../../config/b.js',
    './../../config/b.js',
    '../../shared/../config/b.js',
  ]) {
    it(`do not let workflow code in a folder import ${specifier}`, async () => {
      assert.notEqual(await violations('src/workflows/a/a.ts', specifier), 0);
    });
  }

  for (const specifier of ['@temporalio/common', 'zod', './b.js', '../b.js']) {
    it(`let shared code in a folder import ${specifier}`, async () => {
      assert.equal(await violations('src/shared/a/a.ts', specifier), 0);
    });
  }

  for (const specifier of [
    'node:fs',
    '@temporalio/workflow',
    '../../config/b.js',
    './../../config/b.js',
  ]) {
    it(`do not let shared code in a folder import ${specifier}`, async () => {
      assert.notEqual(await violations('src/shared/a/a.ts', specifier), 0);
    });
  }

  it('leave other code alone', async () => {
    assert.equal(await violations('src/cli/a.ts', 'node:fs'), 0);
  });
});
