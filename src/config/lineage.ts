import type { Step } from './steps.js';

/** The sources that a step's rows come from, through any number of transforms; itself, if it is one. */
export function sourcesOf(step: Step, steps: readonly Step[]): Step[] {
  const found = new Set<Step>();
  const visit = (current: Step): void => {
    if (found.has(current)) return;
    found.add(current);
    for (const { name } of current.inputs) {
      const input = steps.find((other) => other.name === name && other.kind !== 'sink');
      if (input !== undefined) visit(input);
    }
  };
  visit(step);
  return steps.filter((other) => other.kind === 'source' && found.has(other));
}

/** The sinks that a source's rows reach. */
export function sinksOf(source: Step, steps: readonly Step[]): Step[] {
  return steps.filter((step) => step.kind === 'sink' && sourcesOf(step, steps).includes(source));
}
