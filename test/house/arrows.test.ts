import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../src/dev/services/tools.js';
import { circleIn, importsOfFiles, importsOfFolders, type Imports } from './imports.js';

/** More than a reader takes in at a look. */
const mostFiles = 15;

/**
 * Every arrow between the folders of `src`: what each may import, from the lowest up. A new arrow is
 * written down here, and leads downwards.
 */
const arrows: Record<string, string[]> = {
  process: [],
  shared: [],
  text: [],
  runners: [],
  dev: ['process', 'shared', 'text'],
  emulator: ['process', 'shared'],
  store: ['shared'],
  workflows: ['runners', 'shared'],
  gateways: ['shared', 'store'],
  dataflow: ['gateways', 'shared', 'store'],
  destinations: ['gateways', 'process', 'shared', 'store'],
  config: ['destinations', 'gateways', 'process', 'runners', 'shared', 'store'],
  migrate: ['config'],
  schedules: ['config', 'destinations', 'shared'],
  sync: ['config', 'process', 'store'],
  client: ['config', 'dev', 'gateways', 'runners', 'schedules', 'shared', 'store'],
  gateway: ['client', 'config', 'gateways', 'process', 'shared', 'workflows'],
  orphans: ['client', 'config', 'gateways', 'runners', 'shared', 'store'],
  activities: [
    'client',
    'config',
    'destinations',
    'gateways',
    'orphans',
    'process',
    'runners',
    'shared',
    'store',
    'workflows',
  ],
  'runners/*': [
    'activities',
    'config',
    'dataflow',
    'gateways',
    'orphans',
    'process',
    'runners',
    'shared',
    'store',
    'workflows',
  ],
  worker: [
    'activities',
    'client',
    'config',
    'gateway',
    'gateways',
    'process',
    'runners/*',
    'shared',
    'store',
    'workflows',
  ],
  cli: [
    'client',
    'config',
    'dev',
    'emulator',
    'gateway',
    'gateways',
    'migrate',
    'orphans',
    'process',
    'runners',
    'schedules',
    'shared',
    'store',
    'sync',
    'text',
    'worker',
  ],
};

const imports = (of: Record<string, string[]>): Imports =>
  new Map(Object.entries(of).map(([name, others]) => [name, new Set(others)]));

describe('the arrows between files', () => {
  const files = importsOfFiles();

  it('are those of the table, between folders', () => {
    const found = [...importsOfFolders(files)].map(([name, others]) => [
      name,
      [...others].toSorted(),
    ]);
    const folders = Object.fromEntries(found) as Record<string, string[]>;
    const allowed = Object.entries(arrows).toSorted(([a], [b]) => a.localeCompare(b));
    assert.deepEqual(
      Object.fromEntries(Object.entries(folders).toSorted(([a], [b]) => a.localeCompare(b))),
      Object.fromEntries(allowed),
    );
  });

  it('lead between folders of which src/README.md says what lives there, in this order', () => {
    const page = readFileSync(join(packageRoot, 'src', 'README.md'), 'utf8');
    const said = [...page.matchAll(/^\| `([\w/*]+)` +\| \w/gm)].map(([, folder]) => folder);
    assert.deepEqual(said, Object.keys(arrows));
  });

  it('lead nowhere in a circle, between folders and between files', () => {
    assert.equal(circleIn(imports(arrows)), undefined);
    assert.equal(circleIn(files), undefined);
  });

  it('lead nowhere in a circle between any two folders, however deep', () => {
    assert.equal(circleIn(importsOfFolders(files, dirname)), undefined);
  });

  it('start in folders of 15 files at most', () => {
    const sizes = new Map<string, number>();
    for (const file of files.keys()) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
    const large = [...sizes].filter(([, size]) => size > mostFiles);
    assert.deepEqual(
      large.map(([folder]) => folder),
      [],
    );
  });

  it('would be found in a circle', () => {
    const circle = { a: ['b'], b: ['c', 'd'], c: [], d: ['b'] };
    assert.deepEqual(circleIn(imports(circle)), ['b', 'd', 'b']);
    assert.deepEqual(circleIn(imports({ a: ['a'] })), ['a', 'a']);
  });

  it('are seen, of types and of what is imported late, too', () => {
    assert.ok(files.get('config/build-plan.ts')?.has('config/plan/plan-types.ts'), 'a type');
    assert.ok(
      files.get('destinations/bigquery/index.ts')?.has('destinations/bigquery/publisher.ts'),
    );
    assert.ok(files.size > 300);
  });
});
