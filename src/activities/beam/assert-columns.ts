import { z } from 'zod';
import { columnProblems } from '../../config/plan/column-problems.js';
import { loadConfig, type LoadedConfig } from '../../config/document/document.js';
import { outlooksOf, type StepColumns } from '../../config/plan/outlooks.js';
import type { Plan } from '../../config/plan/plan-types.js';
import { formatProblems } from '../../config/document/problems.js';
import { valueAt } from '../../config/values/values.js';
import { isRefusal } from '../../destinations/refusal.js';
import { failure } from '../../shared/failures.js';
import { manifestSink } from '../../shared/run/manifest.js';
import type { RunReference } from '../../workflows/contract/activities.js';
import { askPython } from './ask-python.js';
import type { ActivityDeps } from '../attempt/deps.js';
import { taskOf } from '../publish/publish.js';
import { inPublisher } from '../publish/publisher-child.js';

/** See docs/contracts.md, sections 3 and 7. */
export const stepColumns = z.record(z.string(), manifestSink.shape.schema);
const answer = z.object({ steps: stepColumns });

/**
 * Refuses columns that a destination cannot take, before a row is read.
 * @throws `ConfigError`
 */
export async function assertColumns(
  root: string,
  run: RunReference,
  plan: Plan,
  steps: StepColumns,
): Promise<void> {
  if ((await columnProblems(null, plan, steps)).length === 0) return;
  const problems = await columnProblems(configOf(root, run, plan), plan, steps);
  const [index] = problems.map(({ path }) => Number(/^sinks\[(\d+)\]/.exec(path)?.[1]));
  const step = plan.sinks[index ?? -1]?.name;
  const message = `${formatProblems(problems)}\nNothing was read.`;
  throw failure('ConfigError', message, step === undefined ? {} : { step });
}

/**
 * Refuses what the destinations, as they are now, would not take: a run that reads for an hour would fail at
 * its end. Where that cannot be told now, the publish tells it.
 * @throws `DataError`, `ConfigError`, `ResourceError`
 */
export async function assertTaken(
  deps: Pick<ActivityDeps, 'root' | 'store'>,
  run: RunReference,
  plan: Plan,
  steps: StepColumns,
): Promise<void> {
  for (const { sink, outlook } of outlooksOf(plan, steps)) {
    try {
      const task = taskOf(deps, run, sink, { kind: 'check', outlook });
      await inPublisher(deps, sink.destination, task, 'beside others');
    } catch (error) {
      if (isRefusal(error)) throw error;
    }
  }
}

/** As {@link assertColumns}, of a job: asks the sources that can be asked from here. */
export async function assertColumnsOfJob(
  deps: Pick<ActivityDeps, 'root' | 'store' | 'python'>,
  run: RunReference,
  plan: Plan,
): Promise<void> {
  const { steps } = await askPython(deps, run, 'beam_pipeline.asked.columns', answer);
  await assertColumns(deps.root, run, plan, steps);
  await assertTaken(deps, run, plan, steps);
}

/** The config, which tells the lines, unless it was changed or is not on this host. */
function configOf(root: string, { config }: RunReference, { sinks }: Plan): LoadedConfig | null {
  if (config === undefined) return null;
  try {
    const loaded = loadConfig(config, { root });
    const names = sinks.map((_, index) => valueAt(loaded.value, ['sinks', index, 'name']));
    return sinks.every(({ name }, index) => name === names[index]) ? loaded : null;
  } catch {
    return null;
  }
}
