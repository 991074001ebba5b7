import { runnerCatalogue } from './catalogue.js';
import type { RunnerOptions } from './runner.js';

/** What a runner is said to be where none is named. */
export const defaultRunner: string =
  Object.entries<RunnerOptions>(runnerCatalogue).find(([, { isDefault }]) => isDefault)?.[0] ?? '';

/** The runner that the arguments of satokiyo/pydataflow-template's workflow are for. */
export const runnerOfReference: string | undefined = Object.entries<RunnerOptions>(
  runnerCatalogue,
).find(([, { takesReferenceArguments }]) => takesReferenceArguments)?.[0];

/** Names of the runners, the default one first. */
export const runnerNames: readonly string[] = [
  defaultRunner,
  ...Object.keys(runnerCatalogue).filter((name) => name !== defaultRunner),
];

/**
 * The runner whose target stands in a field of its own: older histories say by that field alone which runner
 * they have.
 */
export function runnerByField(prepared: object): string | undefined {
  const isThere = new Map(Object.entries(prepared).map(([name, value]) => [name, value !== null]));
  return Object.entries<RunnerOptions>(runnerCatalogue).find(
    ([, { targetField }]) => targetField !== undefined && isThere.get(targetField) === true,
  )?.[0];
}

/** What a runner says of itself. A run of an unknown one was prepared by a version that has it. */
export function optionsOf(name: string): RunnerOptions {
  const known: Record<string, RunnerOptions> = runnerCatalogue;
  return (Object.hasOwn(known, name) ? known[name] : undefined) ?? { summary: name };
}
