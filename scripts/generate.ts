/**
 * Writes what follows from the schemas: `schemas/` and `docs/reference/`.
 * `--check` changes nothing, names what is out of date, and then exits with 1.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { packageRoot } from '../src/config/modules/catalogue.js';
import { generatedFiles, generatedFolders } from '../src/config/generate/files.js';
import { pythonPath } from '../src/process/python.js';
import { kitTable } from '../test/kits/destinations/table.js';

const check = process.argv.includes('--check');
const files = {
  ...(await generatedFiles()),
  'docs/reference/kit-destinations.md': await kitTable(),
  'docs/reference/kit-sources.md': kitOfSources(),
};
const changed = Object.entries(files).filter(([name, text]) => textOf(name) !== text);
const left = generatedFolders
  .flatMap((folder) => existing(folder))
  .filter((name) => !(name in files));

for (const [name, text] of check ? [] : changed) {
  mkdirSync(dirname(join(packageRoot, name)), { recursive: true });
  writeFileSync(join(packageRoot, name), text);
}
for (const name of check ? [] : left) rmSync(join(packageRoot, name));

for (const [name, text] of changed) {
  console.log(check ? `out of date: ${name}${firstDifference(name, text)}` : `wrote ${name}`);
}
for (const name of left) console.log(check ? `not generated any more: ${name}` : `removed ${name}`);
if (check && changed.length + left.length > 0) {
  console.error('Run `npm run generate` and commit the result.');
  process.exitCode = 1;
}

function kitOfSources(): string {
  const folders = ['src', 'tests'].map((name) => join(packageRoot, 'beam-pipeline', name));
  const { status, stdout, stderr } = spawnSync(pythonPath(), ['-m', 'source_kit.catalogue'], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: folders.join(delimiter) },
  });
  if (status !== 0) throw new Error(`the kit of sources has no page: ${stderr}`);
  return stdout;
}

function textOf(name: string): string | undefined {
  const path = join(packageRoot, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function existing(folder: string): string[] {
  const path = join(packageRoot, folder);
  return existsSync(path) ? readdirSync(path).map((name) => `${folder}/${name}`) : [];
}

function firstDifference(name: string, wanted: string): string {
  const is = textOf(name)?.split('\n');
  if (is === undefined) return ' (missing)';
  const line = wanted.split('\n').findIndex((text, index) => text !== is[index]);
  return line < 0 ? '' : ` (line ${line + 1})`;
}
