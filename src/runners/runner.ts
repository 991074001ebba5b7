/**
 * A runner: where and how Beam runs. It is one folder in `src/runners`, named as the `runner` of a config:
 *
 * - `options.ts` exports `options`, {@link RunnerOptions}: data that every layer may ask;
 * - `workflow.ts` exports `workflow`, a `RunnerWorkflow`: deterministic, from start to manifest;
 * - `activities.ts` exports `activities`, a `RunnerActivities`: what it does outside of the history;
 * - `target.ts` exports `target`, a `RunnerTargets`: where its job goes, and what is wrong with that;
 * - `service.ts` exports `service`, a `RunnerService`: the service that its jobs are on.
 *
 * `npm run generate` writes the lists of them (`catalogue.ts`, and `worker/workflows.ts`: workflow code
 * cannot look at folders). Nothing else is edited to add one.
 */
export interface RunnerOptions {
  /** One line for the help and the reference. */
  readonly summary: string;
  /** Set by the one runner that a config has which names none. */
  readonly isDefault?: true;
  /**
   * Set if its job runs on other machines: it reads what was uploaded to an object store, resolves `${secret:…}`
   * alone, and stages there. Else Beam runs, reads and stages where the run was prepared.
   */
  readonly isRemote?: true;
  /** Set if it takes launch options: `launch` of configs and settings, and the flags of them. */
  readonly takesLaunch?: true;
  /** Set if the service that its jobs are on is asked for their messages, metrics and type. */
  readonly hasService?: true;
  /** Set by the one that the arguments of satokiyo/pydataflow-template's workflow are for. */
  readonly takesReferenceArguments?: true;
  /** The field of `PreparedRun` that has its target, where another than `target` is in histories. */
  readonly targetField?: 'dataflow';
}
