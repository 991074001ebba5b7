import type { Plan, PlannedSource } from './plan-types.js';
import type { Step } from '../envelope/steps.js';

/** The sources that a step's rows come from, through any number of transforms; itself, if it is one. */
export function sourcesOf(step: Step, steps: readonly Step[]): Step[] {
  const found = reachedFrom(step, ({ inputs }) =>
    inputs.flatMap(
      ({ name }) => steps.find((other) => isReadable(other) && other.name === name) ?? [],
    ),
  );
  return steps.filter((other) => other.kind === 'source' && found.has(other));
}

/** The sinks that a source's rows reach. */
export function sinksOf(source: Step, steps: readonly Step[]): Step[] {
  return steps.filter((step) => step.kind === 'sink' && sourcesOf(step, steps).includes(source));
}

/** The same of a plan: the sources that the rows of the step of that name come from. */
export function plannedSourcesOf(
  { sources, transforms }: Pick<Plan, 'sources' | 'transforms'>,
  step: string,
): PlannedSource[] {
  const found = reachedFrom(
    step,
    (name) => transforms.find((transform) => transform.name === name)?.inputs ?? [],
  );
  return sources.filter(({ name }) => found.has(name));
}

/** The names of those of them that are read in windows. */
export function windowedSourcesOf(plan: Plan, step: string): string[] {
  return plannedSourcesOf(plan, step).flatMap(({ name, incremental }) =>
    incremental === undefined ? [] : [name],
  );
}

/** What can be reached from `start`, itself included; a config that is not checked yet may have circles. */
function reachedFrom<T>(start: T, next: (item: T) => readonly T[]): Set<T> {
  const found = new Set([start]);
  // A set that grows is walked to its new end.
  for (const item of found) for (const other of next(item)) found.add(other);
  return found;
}

function isReadable({ kind }: Step): boolean {
  return kind !== 'sink';
}
