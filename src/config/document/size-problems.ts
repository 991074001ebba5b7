import type { LoadedConfig } from './document.js';
import type { ConfigPath } from '../values/config-path.js';
import type { Problem } from './problems.js';
import { isMapping, valueAt } from '../values/values.js';
import { number } from '../../shared/counts.js';

/** Steps of a pipeline, inputs and parameters of one step, arguments: there are at most so many of each. */
const mostEntries = 1000;

/**
 * Lists and mappings with more entries than any pipeline has. With one of them nothing else is checked:
 * the other rules compare each entry with each.
 */
export function sizeProblems(loaded: LoadedConfig): Problem[] {
  const lists = ['sources', 'transforms', 'sinks'].map((key) => [key] as ConfigPath);
  const steps = lists.flatMap((path) => {
    const list = valueAt(loaded.value, path);
    return Array.isArray(list) ? list.slice(0, mostEntries).map((_, at) => [...path, at]) : [];
  });
  const places: ConfigPath[] = [
    ...lists,
    ['args'],
    ['schedule', 'args'],
    ...steps.flatMap((path) => [
      [...path, 'inputs'],
      [...path, 'parameters'],
    ]),
  ];
  const problems = places.flatMap((path) => {
    const count = sizeOf(valueAt(loaded.value, path));
    if (count <= mostEntries) return [];
    return [
      loaded.problem(
        path,
        `has ${number(count)} entries; at most ${number(mostEntries)} are allowed`,
        'key',
      ),
    ];
  });
  if (problems.length > 0 || steps.length <= mostEntries) return problems;
  const message = `has ${number(steps.length)} steps; a pipeline has at most ${number(mostEntries)}`;
  return [loaded.problem([], message)];
}

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isMapping(value) ? Object.keys(value).length : 0;
}
