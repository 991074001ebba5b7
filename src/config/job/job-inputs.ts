import { isAbsolute, normalize } from 'node:path';
import type { Catalogue } from '../modules/catalogue.js';
import type { LoadedConfig } from '../document/document.js';
import type { Plan } from '../plan/plan-types.js';
import { problemAt, type Problem } from '../document/problems.js';

/** Files of this project that a source reads. */
export interface JobInput {
  source: string;
  /** Index of the source in the plan. */
  index: number;
  /** The parameter that names them. */
  key: string;
  /** Path or pattern, relative to the project root. */
  pattern: string;
}

/** What the sources of a plan read from the project's folder: the modules declare which parameters. */
export function jobInputs(plan: Pick<Plan, 'sources'>, catalogue: Catalogue): JobInput[] {
  return plan.sources.flatMap(({ name, module, parameters }, index) => {
    const entry = catalogue.modules.find((one) => one.kind === 'source' && one.name === module);
    return (entry?.path_parameters ?? []).flatMap((key) =>
      [parameters[key]]
        .flat()
        .filter((pattern) => typeof pattern === 'string' && !pattern.includes('://'))
        .map((pattern) => ({ source: name, index, key, pattern: String(pattern) })),
    );
  });
}

/**
 * Files that a Dataflow job cannot get: only what is below the project root is copied for it.
 * @param loaded the config; null if it is not at hand
 */
export function jobInputProblems(
  loaded: LoadedConfig | null,
  inputs: readonly JobInput[],
): Problem[] {
  return inputs.flatMap(({ source, index, key, pattern }) => {
    const isInside = !isAbsolute(pattern) && !/^\.\.(\/|$)/.test(normalize(pattern));
    if (isInside) return [];
    const message =
      `a Dataflow job cannot read \`${pattern}\`: give a path below the project root, ` +
      `which is copied for it, or a gs:// path (source \`${source}\`)`;
    return [problemAt(loaded, ['sources', index, 'parameters', key], message)];
  });
}
