import type { Receipt } from '../shared/run/receipt.js';
import type { RunPipelineInput } from '../shared/run/run-input.js';
import { CannotRerun } from './server/errors.js';
import { counted } from '../shared/counts.js';

export interface RerunOptions {
  /** Read and publish everything again, even if that appends rows that are there already. */
  again?: boolean | undefined;
  /** Publish what an earlier run left also where rows that were read later, or of a later window, are there. */
  overNewer?: boolean | undefined;
}

/**
 * What starts the plan of an earlier run again, unchanged; of a run that published only some of its
 * sinks, what publishes the others from what it staged. A run that was to do that does it again.
 * @throws {@link CannotRerun} if there is no plan, nothing is left for `overNewer`, or rows would be
 *   appended a second time
 */
export function rerunInputOf(
  receipt: Receipt,
  { again = false, overNewer = false }: RerunOptions = {},
): RunPipelineInput {
  const input = inputOf(receipt, { again, overNewer });
  if (!overNewer) return input;
  if (input.complete === true) return { ...input, over_newer: true };
  const why = 'it left nothing to be published, and what is read again is not older';
  throw new CannotRerun(receipt.run_key, why);
}

function inputOf(receipt: Receipt, { again = false }: RerunOptions): RunPipelineInput {
  if (receipt.input?.complete === true && !again) {
    const { over_newer: _said, ...completing } = receipt.input;
    return completing;
  }
  const { run_key, plan_sha256, config, runner, launch, args, profiles, store, sinks } = receipt;
  if (plan_sha256 === null) {
    throw new CannotRerun(run_key, 'it ended before its plan was made; run its config instead');
  }
  const { left, windows } = receipt;
  const completes = left !== undefined && !again;
  const appended = sinks.filter(
    ({ mode, state, rows }) =>
      mode === 'append' && (state === 'uncertain' || (state === 'published' && rows > 0)),
  );
  if (appended.length > 0 && !again && !completes) {
    const what = appended
      .map(({ state, rows, location, destination }) => {
        const count = state === 'uncertain' ? 'perhaps rows' : counted(rows, 'row');
        return `${count} to ${location ?? destination}`;
      })
      .join(' and ');
    throw new CannotRerun(run_key, `it appended ${what}, which would be there twice`, {
      wouldAppendAgain: true,
    });
  }
  // What is published from the bucket needs no host, nor what the job read of one.
  const isAnywhere =
    store?.bucket !== undefined &&
    (completes || (store.uploads === undefined && profiles === null));
  return {
    config,
    plan: plan_sha256,
    rerun_of: run_key,
    ...(completes ? { complete: true } : {}),
    ...(windows === undefined ? {} : { windows }),
    ...(again ? { again } : {}),
    runner,
    ...(launch === undefined ? {} : { launch }),
    ...(Object.keys(args).length > 0 ? { args } : {}),
    ...(profiles === null || isAnywhere ? {} : { profile: profiles }),
    ...(store === null || isAnywhere ? {} : { store: store.id }),
  };
}
