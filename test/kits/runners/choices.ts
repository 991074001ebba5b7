import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readRun } from '../../../src/activities/plan/read-run.js';
import { ConfigProblems } from '../../../src/config/index.js';
import type { RunnerOptions } from '../../../src/runners/runner.js';
import type { LaunchOptions } from '../../../src/shared/run/job.js';
import { openLocalStore } from '../../../src/store/local-store.js';
import type { KitMember } from './member.js';

/** What a run may ask for and a runner may deny. */
export interface Choice {
  name: string;
  isTaken(options: RunnerOptions): boolean;
  /** What becomes of it where it is denied. */
  denied: 'refused' | 'noted';
  /** Said of the run beside its config. */
  launch?: LaunchOptions;
  source?: string;
  withoutSettings?: true;
  /** Path in the config or the settings that a refusal names. */
  path?: RegExp;
}

const outside = '{ module: files, parameters: { path: /outside/*.csv, format: csv } }';
const ofHost =
  '{ module: postgres, parameters: { query: select 1, host: "${env:H}", database: d, user: u, password: "${env:P}" } }';

export const choices: readonly Choice[] = [
  {
    name: 'launch options',
    isTaken: ({ takesLaunch }) => takesLaunch === true,
    denied: 'noted',
    launch: { attempts: 3 },
  },
  {
    name: 'no settings',
    isTaken: ({ isRemote }) => isRemote !== true,
    denied: 'refused',
    withoutSettings: true,
    path: /./,
  },
  {
    name: 'a file outside of the project',
    isTaken: ({ isRemote }) => isRemote !== true,
    denied: 'refused',
    source: outside,
    path: /^sources\[0\]\.parameters\.path$/,
  },
  {
    name: 'a value of its host, `${env:NAME}`',
    isTaken: ({ isRemote }) => isRemote !== true,
    denied: 'refused',
    source: ofHost,
    path: /^sources\[0\]\.parameters\.(host|password)$/,
  },
];

/** Asks a runner for it, and looks at what is said. */
export async function askFor(
  choice: Choice,
  { runner, options, member, root }: Asked,
): Promise<void> {
  const { name, denied, launch, source, withoutSettings, path = /^$/ } = choice;
  await mkdir(root, { recursive: true });
  const own = withoutSettings === true ? '' : member.settings;
  await writeFile(join(root, 'beamline.yaml'), `roots: [/outside]\n${own}`);
  const from = (source ?? '{ module: files, parameters: { path: a.csv } }').slice(1);
  await writeFile(
    join(root, 'orders.yaml'),
    `runner: ${runner}
sources:
  - { name: orders,${from}
sinks: [{ name: lake, module: files, input: orders, parameters: { path: lake } }]
`,
  );
  const store = await openLocalStore(join(root, '.beamline', 'store'));
  const given = { config: 'orders.yaml', ...(launch === undefined ? {} : { launch }) };
  const asked = readRun({ given, root, store, namespace: 'default' });
  if (choice.isTaken(options)) {
    const { target } = await asked;
    const merged = (target as { launch?: LaunchOptions } | null)?.launch;
    assert.equal(merged?.attempts, launch === undefined ? merged?.attempts : launch.attempts);
    return;
  }
  if (denied === 'noted') {
    const { notes } = await asked;
    assert.match(notes.join(), new RegExp(`${name} are ignored: the runner is \`${runner}\``));
    return;
  }
  const error: unknown = await asked.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ConfigProblems, `it was not refused: ${String(error)}`);
  assert.notEqual(error.problems.length, 0);
  for (const problem of error.problems) {
    assert.match(problem.path, path);
    assert.match(problem.file, withoutSettings === true ? /^beamline\.yaml$/ : /orders\.yaml$/);
    assert.equal(problem.line > 0, withoutSettings !== true, problem.message);
  }
}

export interface Asked {
  runner: string;
  options: RunnerOptions;
  member: KitMember;
  root: string;
}
