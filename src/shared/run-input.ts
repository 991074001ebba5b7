/** The argument of the `runPipeline` workflow; all but `config` is optional. */
export interface RunPipelineInput {
  /** Path of the config, relative to the worker's project root. */
  config: string;
  /** Path of the connection profiles, relative to the worker's project root. */
  profile?: string;
  runner?: 'local' | 'dataflow';
  /** Values for the config's `args`. */
  args?: Record<string, unknown>;
  /** Id of the local store whose worker must run this, where several hosts have one each. */
  store?: string;
  /** sha256 of a plan that is pinned in that store: it is run as it is, `config` is not read again. */
  plan?: string;
  /** Run key of the run that this one repeats; the receipt says so. */
  rerun_of?: string;
}
