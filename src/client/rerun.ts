import type { Receipt } from '../shared/receipt.js';
import type { RunPipelineInput } from '../shared/run-input.js';
import { CannotRerun } from './errors.js';

/**
 * What starts the plan of an earlier run again, unchanged; of a run that published only some of its
 * sinks, what publishes the others from what it staged.
 * @throws {@link CannotRerun} if there is no plan, or if rows would be appended a second time
 */
export function rerunInputOf(receipt: Receipt, { again }: { again: boolean }): RunPipelineInput {
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
        const count = state === 'uncertain' ? 'perhaps rows' : `${rows} rows`;
        return `${count} to ${location ?? destination}`;
      })
      .join(' and ');
    throw new CannotRerun(run_key, `it appended ${what}, which would be there twice`, {
      wouldAppendAgain: true,
    });
  }
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
    ...(profiles === null ? {} : { profile: profiles }),
    ...(store === null ? {} : { store: store.id }),
  };
}
