import { adviceFor } from '../../destinations/column-problems.js';
import { loadDestination } from '../../destinations/registry.js';
import type { LoadedConfig } from '../document/document.js';
import { outlooksOf, sinkPath, type StepColumns } from './outlooks.js';
import type { Plan } from './plan-types.js';
import { problemAt, type Problem } from '../document/problems.js';

/**
 * Columns that a sink gets and its destination cannot take, whatever it holds.
 * @param loaded the config; null if only its pinned plan is at hand
 */
export async function columnProblems(
  loaded: LoadedConfig | null,
  plan: Pick<Plan, 'sinks'>,
  steps: StepColumns,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const { index, sink, outlook } of outlooksOf(plan, steps)) {
    const destination = await loadDestination(sink.module);
    const parameters = destination.parameters.parse(sink.parameters);
    for (const problem of destination.columnProblems(parameters, outlook)) {
      const message = `sink \`${sink.name}\`: ${problem.what}. ${adviceFor([problem])}`;
      problems.push(
        problemAt(loaded, [...sinkPath(loaded, sink.name, index), ...problem.at], message),
      );
    }
  }
  return problems;
}
