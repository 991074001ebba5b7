/**
 * `scripts/cloud set-project|build_dataflow|build_workflow`: runs the gcloud command of a make target, or with
 * DRY_RUN prints it. What it needs comes from make's arguments (in the environment), else from beamline.yaml.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { ConfigProblems } from '../src/config/document/problems.js';
import { loadSettings, type Settings } from '../src/config/settings/settings.js';
import { packageRoot } from '../src/dev/services/tools.js';

/** Exit code for what the caller must put right. */
const badInput = 2;
const isDryRun = (process.env['DRY_RUN'] ?? '') !== '';

/** What the commands need: the argument of make, the setting, and what its value is otherwise. */
const needs = {
  project: { from: ({ project }: Settings) => project, key: 'project' },
  region: { from: ({ launch }: Settings) => launch?.region, key: 'launch.region' },
  template: {
    from: ({ launch }: Settings) => launch?.containerSpecGcsPath,
    key: 'launch.container_spec_gcs_path',
  },
  repository: { from: () => 'beamline', key: null },
  tag: { from: packageVersion, key: null },
} as const;
type Need = keyof typeof needs;

/** Each target as the command that it is. */
const commands: Readonly<Record<string, (value: (need: Need) => string) => string[]>> = {
  'set-project': (value) => ['gcloud', 'config', 'set', 'project', value('project')],
  build_dataflow: (value) =>
    submit(value, 'dataflow', {
      _WORKER_IMAGE: imageOf(value, 'worker'),
      _LAUNCHER_IMAGE: imageOf(value, 'launcher'),
      _TEMPLATE: value('template'),
    }),
  build_workflow: (value) =>
    submit(value, 'orchestrator', { _IMAGE: imageOf(value, 'orchestrator') }),
};

const target = process.argv[2] ?? '';
const settings = readSettings();
if (settings !== null) await run(settings);

async function run(settings: Settings): Promise<void> {
  const command = commands[target];
  if (command === undefined) {
    complain(`usage: scripts/cloud ${Object.keys(commands).join('|')}`);
    return;
  }
  const missing = new Set<Need>();
  const words = command((need) => {
    const given = (process.env[need] ?? '') || needs[need].from(settings);
    if (given === undefined) missing.add(need);
    return given ?? `<${need}>`;
  });
  for (const need of missing) {
    complain(
      `make ${target}: no ${need}; give ${need}=…, or set \`${needs[need].key}\` in beamline.yaml`,
    );
  }
  if (isDryRun) process.exitCode = 0;
  else if (missing.size > 0) return;
  await runOrShow(words);
}

function submit(
  value: (need: Need) => string,
  file: 'dataflow' | 'orchestrator',
  substitutions: Readonly<Record<string, string>>,
): string[] {
  const pairs = Object.entries(substitutions).map(([name, text]) => `${name}=${text}`);
  const where = ['--project', value('project'), '--config', `cloudbuild/${file}.yaml`];
  return ['gcloud', 'builds', 'submit', '.', ...where, '--substitutions', pairs.join(',')];
}

/** `REGION-docker.pkg.dev/PROJECT/REPOSITORY/NAME:TAG` in Artifact Registry. */
function imageOf(value: (need: Need) => string, name: string): string {
  const repository = `${value('region')}-docker.pkg.dev/${value('project')}/${value('repository')}`;
  return `${repository}/${name}:${value('tag')}`;
}

/** Runs the command, or prints it if it is only to be shown. */
async function runOrShow(words: readonly string[]): Promise<void> {
  const program = join(packageRoot, 'scripts', 'run-or-show');
  const { exitCode } = await execa(program, words, {
    stdio: 'inherit',
    cwd: packageRoot,
    reject: false,
  });
  if (exitCode === 127) {
    complain(
      `make ${target} needs gcloud, which is not on PATH: https://cloud.google.com/sdk/docs/install`,
    );
  } else if (exitCode !== 0) {
    process.exitCode = exitCode ?? 1;
  }
}

/** Null, and a complaint, if beamline.yaml is wrong. */
function readSettings(): Settings | null {
  try {
    return loadSettings(packageRoot);
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    complain(error.message);
    return null;
  }
}

function packageVersion(): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function complain(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = badInput;
}
