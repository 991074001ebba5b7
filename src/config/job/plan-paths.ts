import { loadDestination } from '../../destinations/registry.js';
import { loadCatalogue } from '../modules/catalogue.js';
import type { LoadedConfig } from '../document/document.js';
import { jobInputs } from './job-inputs.js';
import type { Plan } from '../plan/plan-types.js';
import { problemAt, type Problem } from '../document/problems.js';
import { notWritable, patternOutsideRoots, rootsCheck } from '../settings/roots.js';

/**
 * Paths of this machine that a plan would read or write and may not: outside of the project and of the
 * `roots` of `beamline.yaml`. Also of a plan that an earlier version pinned.
 * @param loaded the config; null if only its pinned plan is at hand
 * @throws `ConfigProblems` if the settings are needed and wrong
 */
export async function planPathProblems(
  loaded: LoadedConfig | null,
  plan: Pick<Plan, 'sources' | 'sinks'>,
  root: string,
): Promise<Problem[]> {
  const outsideOf = rootsCheck(root);
  const problems = jobInputs(plan, loadCatalogue(root)).flatMap(({ index, key, pattern }) => {
    const message = patternOutsideRoots(pattern, root, outsideOf);
    return message === undefined
      ? []
      : [problemAt(loaded, ['sources', index, 'parameters', key], message)];
  });
  for (const [index, { module, parameters }] of plan.sinks.entries()) {
    const destination = await loadDestination(module);
    for (const { parameter, path } of destination.paths?.(parameters) ?? []) {
      const message = notWritable(path, root, outsideOf);
      if (message === undefined) continue;
      problems.push(problemAt(loaded, ['sinks', index, 'parameters', parameter], message));
    }
  }
  return problems;
}
