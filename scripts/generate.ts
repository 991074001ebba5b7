/**
 * Writes what follows from the schemas (`schemas/`, `docs/reference/`) and from the folders of `src/runners`.
 * `--check` changes nothing, names what is out of date, and then exits with 1.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { packageRoot } from '../src/config/modules/catalogue.js';
import { generatedFiles, generatedFolders } from '../src/config/generate/files.js';
import { pythonPath } from '../src/process/python.js';
import { kitTable as kitOfDestinations } from '../test/kits/destinations/table.js';
import { kitTable as kitOfRunners } from '../test/kits/runners/table.js';
import { runnerCatalogue, workflowIndex } from './runner-lists.js';

const check = process.argv.includes('--check');
const files = {
  ...(await generatedFiles()),
  'docs/reference/kit-destinations.md': await kitOfDestinations(),
  'docs/reference/kit-runners.md': await kitOfRunners(),
  'docs/reference/kit-sources.md': pageOf('source_kit.catalogue'),
  'docs/reference/kit-transforms.md': pageOf('transform_kit.catalogue'),
  'src/runners/catalogue.ts': await runnerCatalogue(),
  'src/worker/workflows.ts': await workflowIndex(),
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
if (!check && changed.some(([name]) => name === 'src/runners/catalogue.ts')) {
  console.log('The list of runners is another one: run it once more, for what follows from that.');
}
if (check && changed.length + left.length > 0) {
  console.error('Run `npm run generate` and commit the result.');
  process.exitCode = 1;
}

/** What a kit in Python prints of itself. */
function pageOf(module: string): string {
  const home = join(packageRoot, 'beam-pipeline');
  const path = [join(home, 'src'), join(home, 'tests')].join(delimiter);
  const env = { ...process.env, PYTHONPATH: path };
  return execFileSync(pythonPath(), ['-m', module], { encoding: 'utf8', env });
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
