import type { LaunchOptions } from './job.js';
import type { RunWindows } from './window.js';

/**
 * The arguments that the workflow of satokiyo/pydataflow-template takes beside `config` and
 * `profile`: accepted as they are, for `runner: dataflow`.
 */
export interface ReferenceArguments {
  gcs_temp_folder?: string;
  containerSpecGcsPath?: string;
  workerContainerImage?: string;
  numWorkers?: number;
  maxWorkers?: number;
  machineType?: string;
  subnetwork?: string;
  region?: string;
  /** Ignored: runs are awaited by events. */
  pollingSeconds?: number;
}

/** The argument of the `runPipeline` workflow; all but `config` is optional. */
export interface RunPipelineInput extends ReferenceArguments {
  /** Path of the config, relative to the worker's project root. */
  config: string;
  /** Path of the connection profiles, relative to the worker's project root. */
  profile?: string;
  runner?: string;
  /** How a Dataflow job is launched, over the config's `launch` and the settings file. */
  launch?: LaunchOptions;
  /** Upload a connection profile with its password in plain text, where it holds no `${secret:…}`. */
  allowPlaintextProfile?: boolean;
  /** Values for the config's `args`. */
  args?: Record<string, unknown>;
  /**
   * What incremental sources read, in place of what would come next: from `start` to before `end`, as
   * texts of the column's type. Without `start` it begins where the last published window ended.
   */
  window?: { start?: string; end?: string };
  /** Append a window although it, or a part of it, was published before. */
  again?: boolean;
  /** Id of the local store whose worker must run this, where several hosts have one each. */
  store?: string;
  /** sha256 of a plan that is pinned in that store: it is run as it is, `config` is not read again. */
  plan?: string;
  /** Run key of the run that this one repeats; the receipt says so. */
  rerun_of?: string;
  /** Windows of an earlier run, by the name of the source: read as they are. */
  windows?: RunWindows;
  /** Only publish what the run `rerun_of` staged and did not publish. */
  complete?: boolean;
  /** With `complete`: publish it also where rows that were read later, or of a later window, are there. */
  over_newer?: boolean;
}
