import { missingForMerge } from '../column-problems.js';
import type { BroughtColumns, ColumnProblem } from '../destination.js';
import { changedByDuckdb } from '../staged-parquet.js';

/** Columns that a table of DuckDB would not hold as they are, and such as a merge lacks. */
export function columnProblems(brought: BroughtColumns): ColumnProblem[] {
  return [...changedByDuckdb(brought.columns), ...missingForMerge(brought)];
}
