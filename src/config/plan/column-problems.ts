import { adviceFor } from '../../destinations/column-problems.js';
import { loadDestination } from '../../destinations/registry.js';
import type { ManifestSink } from '../../shared/run/manifest.js';
import type { LoadedConfig } from '../document/document.js';
import type { Plan } from './plan-types.js';
import { problemAt, type Problem } from '../document/problems.js';

/** The columns of steps by their name; a step whose columns are not known is missing. */
export type StepColumns = Record<string, ManifestSink['schema']>;

/**
 * Columns that a sink gets and its destination cannot take, whatever it holds.
 * @param loaded the config; null if only its pinned plan is at hand
 */
export async function columnProblems(
  loaded: LoadedConfig | null,
  { sinks }: Pick<Plan, 'sinks'>,
  steps: StepColumns,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [index, sink] of sinks.entries()) {
    const columns = Object.hasOwn(steps, sink.input) ? steps[sink.input] : undefined;
    if (columns === undefined) continue;
    const { merge = null, on_schema_change: onSchemaChange = 'fail' } = sink;
    const destination = await loadDestination(sink.module);
    const parameters = destination.parameters.parse(sink.parameters);
    const brought = { columns, merge, onSchemaChange };
    for (const problem of destination.columnProblems(parameters, brought)) {
      const message = `sink \`${sink.name}\`: ${problem.what}. ${adviceFor([problem])}`;
      problems.push(problemAt(loaded, ['sinks', index, ...problem.at], message));
    }
  }
  return problems;
}
