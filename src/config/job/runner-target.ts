import { loadRunnerPart } from '../../runners/load.js';
import { optionsOf } from '../../runners/registry.js';
import type { RunnerTarget } from '../../shared/run/job.js';
import type { LaunchOptions } from '../../shared/run/job.js';
import type { Problem } from '../document/problems.js';
import type { LoadedConfig } from '../document/document.js';
import type { JobPlan } from './job-profiles.js';

/** What decides where a run's job goes. */
export interface TargetQuestion {
  root: string;
  /** The environment, with what the local stack adds to it. */
  env: NodeJS.ProcessEnv;
  /** The config's `launch`. */
  config: LaunchOptions;
  /** What the run itself says. */
  run: LaunchOptions;
  /** The Temporal namespace. */
  namespace: string;
}

/** Where the jobs of a remote runner go (`src/runners/<name>/target.ts`, export `target`). */
export interface RunnerTargets<Target extends RunnerTarget = RunnerTarget> {
  /** @throws `ConfigProblems` naming everything that is missing or wrong */
  resolve(question: TargetQuestion): Target;
  /** What a job elsewhere could not read: found before anything is launched. */
  problems(
    loaded: LoadedConfig | null,
    built: JobPlan,
    options: { root: string; allowPlaintext: boolean },
  ): Problem[];
  /** In Markdown, for Temporal's Web UI. */
  place(target: Target): string;
}

/** What is known of where the jobs of a runner go; null of one that runs here. */
export async function targetsOf(runner: string): Promise<RunnerTargets | null> {
  return optionsOf(runner).isRemote ? loadRunnerPart<RunnerTargets>(runner, 'target') : null;
}
