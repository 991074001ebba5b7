import { castAdvice } from '../column-problems.js';
import type { BroughtColumns, ColumnProblem } from '../destination.js';
import { changedByDuckdb } from '../staged-parquet.js';
import type { FilesParameters } from './parameters.js';
import { layoutOf } from './layout.js';
import type { Layout } from './records.js';

/** Types whose text, in a folder's name, is exact. */
const partitionTypes = /^(u?int(8|16|32|64)|(large_)?string(_view)?|bool|date32\[day\])$/;
const at = ['parameters', 'partition_by'];

/** Columns that the files would not hold as they are, and partitions that could not be made of them. */
export function columnProblems(
  parameters: FilesParameters,
  { columns }: Pick<BroughtColumns, 'columns'>,
): ColumnProblem[] {
  const layout = layoutOf(parameters, columns);
  const rewritten = isWrittenAnew(parameters) ? changedByDuckdb(columns) : [];
  return [...rewritten, ...partitionProblems(layout)];
}

/** Whether the files are other ones than those that are staged: these are Parquet with zstd. */
function isWrittenAnew({ format, compression = 'zstd', partition_by }: FilesParameters): boolean {
  return format !== 'parquet' || compression !== 'zstd' || partition_by !== undefined;
}

function partitionProblems({ partition_by, schema }: Layout): ColumnProblem[] {
  const types = new Map(schema.map(({ name, type }) => [name, type]));
  const problems = partition_by.flatMap((column): ColumnProblem[] => {
    const type = types.get(column);
    if (type === undefined) {
      const what = `\`partition_by\`: there is no column \`${column}\` (${[...types.keys()].join(', ')})`;
      return [{ at, what, remedy: { advice: 'Name columns that the run brings.' } }];
    }
    if (partitionTypes.test(type)) return [];
    const what =
      `\`partition_by\`: column \`${column}\` is ${type}; cast it to a whole number, text, ` +
      'true/false or a date';
    return [{ at, what, remedy: { advice: castAdvice } }];
  });
  if (partition_by.length === 0 || partition_by.length < types.size || problems.length > 0) {
    return problems;
  }
  const what = '`partition_by` names every column, and a file needs at least one';
  return [{ at, what, remedy: { advice: 'Leave one out.' } }];
}
