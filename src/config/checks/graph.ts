import type { LoadedConfig } from '../document/document.js';
import { nearMiss, suggestion } from '../values/near-miss.js';
import type { Problem } from '../document/problems.js';
import type { Step } from '../envelope/steps.js';
import { shortened } from '../values/values.js';

/** The rules of the graph: unique names, known inputs, no cycle, every step used. */
export function graphProblems(loaded: LoadedConfig, steps: readonly Step[]): Problem[] {
  return [
    ...repeatedNames(loaded, steps),
    ...unknownInputs(loaded, steps),
    ...cycles(loaded, steps),
    ...unusedSteps(loaded, steps),
  ];
}

function repeatedNames(loaded: LoadedConfig, steps: readonly Step[]): Problem[] {
  const seen = new Map<string, Step>();
  return steps.flatMap((step) => {
    if (step.name === undefined) return [];
    const first = seen.get(step.name);
    if (first === undefined) {
      seen.set(step.name, step);
      return [];
    }
    const { line } = loaded.problem([...first.path, 'name'], '');
    return [
      loaded.problem(
        [...step.path, 'name'],
        `\`${step.name}\` is already the name of a ${first.kind} (line ${line}); ` +
          'every step of a pipeline has its own name',
      ),
    ];
  });
}

/** For so many unknown inputs, what was meant is searched among all names. */
const mostSearched = 100;

function unknownInputs(loaded: LoadedConfig, steps: readonly Step[]): Problem[] {
  const readable = new Set(namesOf(steps.filter((step) => step.kind !== 'sink')));
  const sinks = new Set(namesOf(steps.filter((step) => step.kind === 'sink')));
  let searched = 0;
  return steps.flatMap((step) =>
    step.inputs.flatMap(({ name, path }) => {
      if (readable.has(name)) return [];
      if (sinks.has(name)) {
        return [loaded.problem(path, `\`${name}\` is a sink; a sink has no rows to read`)];
      }
      const [before = ''] = name.split('.');
      if (name.includes('.') && readable.has(before)) {
        return [
          loaded.problem(
            path,
            `\`${name}\`: named outputs are not supported yet; write \`${before}\``,
          ),
        ];
      }
      const others = [...readable].filter((other) => other !== step.name);
      const advice = ++searched > mostSearched ? '' : suggestion(name, others);
      return [loaded.problem(path, `no step is named \`${shortened(name)}\`${advice}`)];
    }),
  );
}

function cycles(loaded: LoadedConfig, steps: readonly Step[]): Problem[] {
  const readable = steps.filter((step) => step.kind !== 'sink');
  const byName = new Map(readable.toReversed().map((step) => [step.name, step]));
  const done = new Set<Step>();
  const problems: Problem[] = [];
  const visit = (step: Step, trail: readonly Step[]): void => {
    if (done.has(step)) return;
    const start = trail.indexOf(step);
    if (start >= 0) {
      problems.push(cycleProblem(loaded, trail.slice(start)));
      return;
    }
    for (const { name } of step.inputs) {
      const input = byName.get(name);
      if (input !== undefined) visit(input, [...trail, step]);
    }
    done.add(step);
  };
  for (const step of readable) visit(step, []);
  return problems;
}

/** @param loop every step reads the next one, the last reads the first */
function cycleProblem(loaded: LoadedConfig, loop: readonly Step[]): Problem {
  const names = loop.map((step) => step.name ?? '').toReversed();
  const [first = ''] = names;
  const reader = loop.at(-1);
  return loaded.problem(
    [...(reader?.path ?? []), 'inputs'],
    `the steps go in a circle: ${[...names, first].join(' → ')}; no step may need its own result`,
  );
}

function unusedSteps(loaded: LoadedConfig, steps: readonly Step[]): Problem[] {
  const readable = namesOf(steps.filter((step) => step.kind !== 'sink'));
  // A misspelt input is reported already: the step that it means counts as used.
  const used = new Set(steps.flatMap((step) => step.inputs.map(({ name }) => name)));
  const known = new Set(readable);
  const unknown = [...used].filter((name) => !known.has(name)).slice(0, mostSearched);
  for (const name of unknown) used.add(nearMiss(name, readable) ?? name);
  return steps.flatMap((step) => {
    if (step.kind === 'sink' || step.name === undefined || used.has(step.name)) return [];
    const hint = 'name it as an input of a transform or a sink, or remove it';
    return [
      loaded.problem(
        [...step.path, 'name'],
        `no step reads ${step.kind} \`${step.name}\`; ${hint}`,
      ),
    ];
  });
}

function namesOf(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => (step.name === undefined ? [] : [step.name]));
}
