import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { z } from 'zod';
import { createProgram } from '../../src/cli/program.js';
import { packageRoot } from '../../src/dev/services/tools.js';
import { blocksOf } from '../support/page.js';

const cloud = 'project=my-project region=europe-west1 template=gs://bucket/templates/beamline.json';
const images = 'europe-west1-docker.pkg.dev/my-project/beamline';

/**
 * The targets that satokiyo/pydataflow-template@885d6ec has in its Makefile, and `trigger_workflow`, which
 * only its documentation has; each with its arguments, and the command that it is here.
 */
const targets: readonly (readonly [string, RegExp | string])[] = [
  ['build_dataflow', /^gcloud builds submit \. --project '<project>' .*_TEMPLATE=<template>'$/],
  [
    `build_dataflow ${cloud} tag=7`,
    'gcloud builds submit . --project my-project --config cloudbuild/dataflow.yaml --substitutions ' +
      `_WORKER_IMAGE=${images}/worker:7,_LAUNCHER_IMAGE=${images}/launcher:7,` +
      '_TEMPLATE=gs://bucket/templates/beamline.json',
  ],
  [
    `build_workflow ${cloud} tag=7`,
    'gcloud builds submit . --project my-project --config cloudbuild/orchestrator.yaml ' +
      `--substitutions _IMAGE=${images}/orchestrator:7`,
  ],
  [`build_all ${cloud}`, /^gcloud .*\/dataflow\.yaml .*\ngcloud .*\/orchestrator\.yaml .*$/],
  [`set-project ${cloud}`, 'gcloud config set project my-project'],
  ['run_workflow config=a.json', './beamline run a.json --runner dataflow'],
  [
    'run_workflow config=a.json profile=p.json NUM_WORKERS=1 MAX_WORKERS=10 MACHINE_TYPE=e2-standard-2',
    './beamline run a.json --runner dataflow --profile p.json --num-workers 1 --max-workers 10 --machine-type e2-standard-2',
  ],
  ['run_workflow config=a.json wait=no', './beamline run a.json --runner dataflow --detach'],
  ['run_local config=a.json', './beamline run a.json --runner local'],
  [
    'run_local config=a.json profile=p.json',
    './beamline run a.json --runner local --profile p.json',
  ],
  ['trigger_workflow config=a.json', './beamline schedule apply a.json'],
  ['sync_config_to_storage', './beamline sync --delete'],
  ['unit-test', 'scripts/run-tests --only unit'],
  ['unit-test filter=beamsql', 'scripts/run-tests --only unit --filter beamsql'],
  ['integration-test', 'scripts/run-tests --only integration'],
  [
    'integration-test filter=sink service=mysql',
    'scripts/run-tests --only integration --filter sink --service mysql',
  ],
  ['tox', 'scripts/tox'],
  ['tox filter=beamsql', 'scripts/tox beamsql'],
  ['lint', 'scripts/run-tests --checks'],
  ['format', 'scripts/format'],
  ['isort', 'scripts/format --imports'],
  ['type_check', /^scripts\/run-tests typescript mypy .*$/],
  ['static_test', 'scripts/run-tests --checks'],
  ['compose-up service=postgres', 'docker compose up --detach --wait postgres'],
  ['compose-down', 'docker compose down'],
  ['clean', 'rm -rf dist .beamline'],
  ['test', 'scripts/run-tests'],
  ['install', 'scripts/install'],
  ['install bin=my-bin', 'scripts/install my-bin'],
];
const names = [...new Set(targets.map(([line]) => line.split(' ')[0] ?? ''))];

function make(args: string[], env: Record<string, string> = {}) {
  return execa('make', args, {
    cwd: packageRoot,
    reject: false,
    // Without what an outer make hands down to an inner one.
    env: { MAKEFLAGS: '', MAKELEVEL: '', ...env },
  });
}

describe('make', () => {
  for (const [line, command] of targets) {
    it(`${line}  would run the command of this project`, async () => {
      const { exitCode, stdout, stderr } = await make([...line.split(' '), 'DRY_RUN=1']);
      assert.equal(exitCode, 0, stderr);
      if (typeof command === 'string') assert.equal(stdout, command);
      else assert.match(stdout, command);
    });
  }

  it('prints what docs/make.md shows', async () => {
    const [command, shown] = blocksOf('docs/make.md');
    const { stdout } = await make(command?.text.trim().split(' ').slice(1) ?? []);
    assert.equal(`${stdout}\n`, shown?.text);
  });

  it('help says what each of them does', async () => {
    const { stdout } = await make(['help']);
    const told = stdout.split('\n').map((line) => line.trim().split(' ')[0]);
    assert.deepEqual(
      ['help', ...names].filter((name) => !told.includes(name)),
      [],
    );
    assert.match(stdout, /build_workflow .*no Cloud Workflow/);
  });

  for (const target of ['run_local', 'run_workflow', 'trigger_workflow']) {
    it(`${target} without a config says how it is used, and fails`, async () => {
      const { exitCode, stdout, stderr } = await make([target]);
      assert.equal(exitCode, 2);
      assert.equal(stdout, '');
      assert.equal(stderr.split('\n')[0], `usage: make ${target} config=path/to/config.yaml`);
    });
  }

  it('prints words that a shell would take apart in quotes', async () => {
    const { stdout } = await make(['run_local', "config=my configs/it's.json", 'DRY_RUN=1']);
    assert.equal(stdout, `./beamline run 'my configs/it'\\''s.json' --runner local`);
  });

  it('takes nothing from variables that happen to be in the environment', async () => {
    const { stdout } = await make(['run_local', 'config=a.json', 'DRY_RUN=1'], { profile: 'x' });
    assert.equal(stdout, './beamline run a.json --runner local');
  });

  it('install links this clone once, however often, and nothing over what is another’s', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'beamline-install-'));
    try {
      const bin = join(folder, 'my bin');
      const first = await make(['install', `bin=${bin}`]);
      assert.equal(first.exitCode, 0, first.stderr);
      assert.ok(first.stdout.endsWith(`export PATH="${bin}:$PATH"`), first.stdout);
      const path = `${bin}:${process.env['PATH']}`;
      const again = await make(['install', `bin=${bin}`], { PATH: path });
      assert.equal(again.stdout, `${bin}/beamline runs ${packageRoot}/beamline`);
      assert.equal(
        realpathSync(join(bin, 'beamline')),
        realpathSync(join(packageRoot, 'beamline')),
      );
      rmSync(join(bin, 'beamline'));
      writeFileSync(join(bin, 'beamline'), 'mine');
      const refused = await make(['install', `bin=${bin}`]);
      assert.notEqual(refused.exitCode, 0);
      assert.match(refused.stderr, /it was left as it is/);
      assert.equal(readFileSync(join(bin, 'beamline'), 'utf8'), 'mine');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('names each setting that is missing, and runs nothing', async () => {
    const { exitCode, stdout, stderr } = await execa(
      process.execPath,
      ['dist/scripts/cloud.js', 'build_dataflow'],
      { cwd: packageRoot, reject: false, env: { region: 'europe-west1' } },
    );
    assert.equal(exitCode, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /no project; give project=…, or set `project` in beamline\.yaml/);
    assert.match(stderr, /no template; .*`launch\.container_spec_gcs_path`/);
    assert.doesNotMatch(stderr, /no region/);
  });

  it('says which program is missing', async () => {
    const { exitCode, stderr } = await execa(
      process.execPath,
      ['dist/scripts/cloud.js', 'set-project'],
      {
        cwd: packageRoot,
        reject: false,
        extendEnv: false,
        env: { project: 'my-project', PATH: '/nowhere' },
      },
    );
    assert.equal(exitCode, 2);
    assert.match(stderr, /make set-project needs gcloud, which is not on PATH: https:/);
  });

  it('calls only options that the command line has', () => {
    const program = createProgram();
    const run = program.commands.find((command) => command.name() === 'run');
    const flags = run?.options.map(({ long }) => long) ?? [];
    const used = targets.flatMap(([, command]) =>
      typeof command === 'string' && command.startsWith('./beamline run ')
        ? command.split(' ').filter((word) => word.startsWith('--'))
        : [],
    );
    assert.ok(used.length > 5);
    assert.deepEqual(
      used.filter((flag) => !flags.includes(flag)),
      [],
    );
  });
});

describe('the Cloud Build files', () => {
  const build = z.object({
    steps: z.array(
      z.strictObject({
        id: z.string(),
        name: z.string(),
        dir: z.string().optional(),
        entrypoint: z.string().optional(),
        args: z.array(z.string()),
      }),
    ),
    images: z.array(z.string()),
  });

  for (const file of ['dataflow', 'orchestrator']) {
    it(`${file}.yaml uses every substitution that make gives it, and no other`, async () => {
      const text = readFileSync(join(packageRoot, 'cloudbuild', `${file}.yaml`), 'utf8');
      const { steps, images } = build.parse(parse(text));
      const used = new Set(
        [...JSON.stringify({ steps, images }).matchAll(/\$(_\w+)/g)].map(([, name]) => name),
      );
      const target = file === 'dataflow' ? 'build_dataflow' : 'build_workflow';
      const { stdout } = await make([target, ...cloud.split(' '), 'DRY_RUN=1']);
      const given = new Set([...stdout.matchAll(/(_[A-Z_]+)=/g)].map(([, name]) => name));
      assert.deepEqual(used, given);
    });
  }
});
