import type { BigQueryService } from '../../../gateways/bigquery-service.js';
import type { ColumnPlan } from '../columns/columns.js';
import { keyColumns, stagedRows } from './statements.js';
import { identifier, type TableName } from '../table/table-name.js';
import { sqlTypeOf, typeNameOf } from '../columns/type-fit.js';
import { counted, number } from '../../../shared/counts.js';

/** Characters of the conditions in one query; a query may have a million of them. */
const mostCharacters = 500_000;

/** Rows that must not be there: what finds them, and what is said of them. */
export interface Count {
  /** GoogleSQL of a condition on the staged rows. */
  sql: string;
  problem: (count: number) => string;
}

/** What is wrong with a value, for every column and every key of a merge. */
export function countsOf(
  columns: ColumnPlan,
  keys: ReturnType<typeof keyColumns>,
  rows: number,
): Count[] {
  return [...keys.flatMap((key) => keyCounts(key, rows)), ...columns.written.flatMap(columnCounts)];
}

/** Counts the rows, and those of each kind that must not be there. */
export async function countStaged(
  service: BigQueryService,
  location: string,
  staging: readonly TableName[],
  counts: readonly Count[],
): Promise<{ rows: number; problems: string[] }> {
  let rows = 0;
  const problems: string[] = [];
  for (const some of inQueries(counts)) {
    const selected = [
      'COUNT(*) AS n',
      ...some.map(({ sql }, index) => `COUNTIF(${sql}) AS c${index}`),
    ];
    const [row = []] = await service.query(
      location,
      `SELECT ${selected.join(', ')} FROM ${stagedRows(staging)}`,
    );
    rows = Number(row[0]);
    some.forEach(({ problem }, index) => {
      const count = Number(row[index + 1]);
      if (count > 0) problems.push(problem(count));
    });
  }
  return { rows, problems };
}

/** At least one, which counts the rows. */
function inQueries(counts: readonly Count[]): Count[][] {
  const queries: Count[][] = [[]];
  let characters = 0;
  for (const count of counts) {
    characters += count.sql.length + 20;
    if (characters > mostCharacters) {
      queries.push([]);
      characters = count.sql.length;
    }
    queries.at(-1)?.push(count);
  }
  return queries;
}

function keyCounts({ field, value }: ReturnType<typeof keyColumns>[number], rows: number): Count[] {
  const key = `merge key \`${field.name}\``;
  const isNull: Count = {
    sql: `${value} IS NULL`,
    problem: (count) =>
      `${key} is NULL in ${number(count)} of ${counted(rows, 'row')}: no row can be found by it`,
  };
  if (typeNameOf(field.type) !== 'FLOAT64') return [isNull];
  const isNan: Count = {
    sql: `IS_NAN(${value})`,
    problem: (count) =>
      `${key} is NaN in ${number(count)} of ${counted(rows, 'row')}: it equals nothing, so no row can be found by it`,
  };
  return [isNull, isNan];
}

function columnCounts({ field, from }: ColumnPlan['written'][number]): Count[] {
  if (from === null) return [];
  const column = identifier(from.staged.name);
  const named = `column \`${field.name}\``;
  const { safe, loses } = from.conversion;
  const counts: Count[] = [];
  if (safe !== undefined) {
    const type = sqlTypeOf(field);
    counts.push({
      sql: `${column} IS NOT NULL AND ${safe(column)} IS NULL`,
      problem: (count) =>
        type === 'JSON'
          ? `${named} has ${counted(count, 'text')} that JSON cannot take: no JSON, a number that it would round, or ` +
            'deeper than 500; keep them as text, in a STRING'
          : `${named} has ${counted(count, 'text')} that ${count === 1 ? 'is' : 'are'} no ${type}`,
    });
  }
  if (loses !== undefined) {
    counts.push({
      sql: loses(column),
      problem: (count) =>
        `${named} has ${counted(count, 'JSON document')} in which a key stands twice, of which JSON keeps the first; ` +
        'keep them as text, in a STRING',
    });
  }
  if (from.staged.type.isUnsigned64) {
    counts.push({
      sql: `${column} < 0`,
      problem: (count) =>
        `${named} has ${counted(count, 'value')} above 9223372036854775807, which INT64 cannot hold; ` +
        'cast it to `decimal(20, 0)` in a transform',
    });
  }
  if (field.mode === 'REQUIRED') {
    counts.push({
      sql: `${column} IS NULL`,
      problem: (count) => `${named} is REQUIRED and NULL in ${counted(count, 'row')}`,
    });
  }
  return counts;
}
