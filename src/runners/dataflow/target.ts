import type { DataflowTarget, LaunchOptions } from '../../shared/run/job.js';
import { durationMs } from '../../shared/duration.js';
import { mergeLaunch } from '../../config/envelope/merge-launch.js';
import { ConfigProblems, type Problem } from '../../config/document/problems.js';
import { jobProblems } from '../../config/job/job-problems.js';
import { deploymentOf } from '../../config/settings/deployment.js';
import type { RunnerTargets } from '../../config/job/runner-target.js';
import { loadSettings, settingsName, type Settings } from '../../config/settings/settings.js';

/** Google's console. */
const googleConsole = 'https://console.cloud.google.com';
const defaultReconcileAfter = '15m';
/** The service forces a cancellation only 30 minutes after the first: `gcloud dataflow jobs cancel --force`. */
const defaultForceCancelAfter = '30m';

export const target: RunnerTargets<DataflowTarget> = {
  resolve: ({ root, env, config, run, namespace }) =>
    dataflowTargetOf({
      settings: loadSettings(root, env),
      config,
      run,
      namespace,
      console: env['DATAFLOW_EMULATOR_CONSOLE'],
    }),
  problems: jobProblems,
  place: ({ project, region }) => `**Dataflow**, ${project}, ${region}`,
};

export interface TargetOptions {
  settings: Settings;
  /** The config's `launch`. */
  config: LaunchOptions;
  /** What the run itself says. */
  run: LaunchOptions;
  /** The Temporal namespace. */
  namespace: string;
  /** Base URL of the console that shows jobs. Default: Google's. */
  console?: string | undefined;
}

/**
 * Where a run's job is launched and how, from the settings, the config's `launch` and the run's own
 * options, in that order.
 * @throws `ConfigProblems` naming everything that is missing, and where to set it
 */
export function dataflowTargetOf(options: TargetOptions): DataflowTarget {
  const { settings, namespace } = options;
  const merged = mergeLaunch(settings.launch, options.config, options.run);
  const { project, store } = settings;
  const { region, containerSpecGcsPath } = merged;
  const problems = [...missing(settings, merged), ...contradictions(merged)];
  const isComplete = project && store && region && containerSpecGcsPath;
  if (!isComplete || problems.length > 0) throw new ConfigProblems(problems);
  const launch: DataflowTarget['launch'] = {
    machineType: 'e2-standard-2',
    ipConfiguration: 'private',
    tempLocation: `${store}/tmp`,
    stagingLocation: `${store}/staging-libs`,
    attempts: 1,
    reconcileAfter: defaultReconcileAfter,
    forceCancelAfter: defaultForceCancelAfter,
    ...merged,
    containerSpecGcsPath,
    region,
  };
  return {
    project,
    region,
    store,
    deployment: deploymentOf({ deployment: settings.deployment, project, namespace }),
    console: (options.console || googleConsole).replace(/\/+$/, ''),
    launch,
    reconcileAfterMs: durationMs(launch.reconcileAfter ?? defaultReconcileAfter) ?? 0,
    forceCancelAfterMs: durationMs(launch.forceCancelAfter ?? defaultForceCancelAfter) ?? 0,
  };
}

function missing({ project, store }: Settings, launch: LaunchOptions): Problem[] {
  const needed: [value: string | undefined, path: string, ways: string][] = [
    [project, 'project', `set \`project\` in ${settingsName}, such as \`my-project\``],
    [store, 'store', `set \`store\` in ${settingsName}, such as \`gs://my-bucket/beamline\``],
    [launch.region, 'launch.region', `${anywhere('region')}; there is no default region`],
    [
      launch.containerSpecGcsPath,
      'launch.container_spec_gcs_path',
      anywhere('container_spec_gcs_path'),
    ],
  ];
  return needed
    .filter(([value]) => !value)
    .map(([, path, ways]) =>
      place(path, `is required for \`runner: dataflow\` and missing: ${ways}`),
    );
}

/** The places where a launch option can be set. */
function anywhere(key: string): string {
  return (
    `set \`launch.${key}\` in ${settingsName} or \`launch: { ${key}: … }\` in the config, ` +
    `or give --${key.replaceAll('_', '-')}`
  );
}

/** What each origin may say, but not all of them together. */
function contradictions(launch: LaunchOptions): Problem[] {
  const { numWorkers, maxWorkers, workerRegion, workerZone } = launch;
  const problems: Problem[] = [];
  if (numWorkers !== undefined && maxWorkers !== undefined && numWorkers > maxWorkers) {
    const message = `must be at least \`num_workers\` (${numWorkers}), got ${maxWorkers}`;
    problems.push(place('launch.max_workers', message));
  }
  if (workerRegion !== undefined && workerZone !== undefined) {
    const message = `give \`worker_region\` (${workerRegion}) or \`worker_zone\` (${workerZone}), not both`;
    problems.push(place('launch.worker_zone', message));
  }
  return problems;
}

/** Found after the merge: it stands in no single place. */
function place(path: string, message: string): Problem {
  return { file: settingsName, line: 0, column: 0, path, message };
}
