import type { TableField } from '../../../gateways/bigquery-service.js';
import { shortened } from '../../../shared/shortened.js';
import { castAdvice, equalButForCase, missingForMerge, ofInput } from '../../column-problems.js';
import type { BroughtColumns, ColumnProblem } from '../../destination.js';
import { misfits, unknownTo } from '../columns/columns.js';
import { mostColumns } from '../columns/limits.js';
import type { BigqueryParameters } from './parameters.js';
import { parseSchema } from '../columns/schema-text.js';
import { stagedColumns } from '../columns/staged-columns.js';
import { stagedTypeOf } from '../columns/types.js';

/** https://cloud.google.com/bigquery/docs/schemas#column_names */
const mostLetters = 300;
const reserved = [
  '_TABLE_',
  '_FILE_',
  '_PARTITION',
  '_ROW_TIMESTAMP',
  '__ROOT__',
  '_COLIDENTIFIER',
];

/** Columns that no table of BigQuery has, such as a merge lacks, and such as `schema` has not. */
export function columnProblems(
  parameters: BigqueryParameters,
  brought: BroughtColumns,
): ColumnProblem[] {
  const { columns } = brought;
  if (columns.length > mostColumns) {
    const what = `it gets ${columns.length} columns, and a table of BigQuery has ${mostColumns} at most`;
    const advice = 'Leave some out in a transform, or put them into one column of JSON.';
    return [{ at: ofInput, what, remedy: { advice } }];
  }
  return [
    ...columns.flatMap(({ name, type }) => [...typeProblems(name, type), ...nameProblems(name)]),
    ...equalButForCase(columns),
    ...missingForMerge(brought),
    ...schemaProblems(parameters, brought),
  ];
}

function typeProblems(name: string, arrow: string): ColumnProblem[] {
  const type = stagedTypeOf(arrow);
  if (!('refused' in type)) return [];
  const what = `column \`${name}\` is ${arrow}: ${type.refused}`;
  return [{ at: ofInput, what, remedy: { advice: castAdvice } }];
}

/** Names that a load job of Parquet takes without more ado. */
function nameProblems(name: string): ColumnProblem[] {
  const taken = (what: string): ColumnProblem[] => [
    { at: ofInput, what, remedy: { rename: name, to: fitting(name) } },
  ];
  const own = reserved.find((prefix) => name.toUpperCase().startsWith(prefix));
  if (own !== undefined) {
    return taken(`the name \`${name}\` begins with \`${own}\`, which is BigQuery's own`);
  }
  if (name.length > mostLetters) {
    return taken(
      `the name \`${shortened(name, 40)}\` has ${name.length} characters, and BigQuery takes ${mostLetters}`,
    );
  }
  if (/^[A-Za-z_]\w*$/.test(name)) return [];
  return taken(
    `BigQuery does not take the name \`${name}\` (letters from A to Z, digits, _; no digit first)`,
  );
}

function fitting(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/\W+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  const begun = /^[A-Za-z]/.test(plain) ? plain : `c_${plain}`;
  return begun.slice(0, 60).toLowerCase();
}

/** As far as the config says the schema: that of a table, or of a file in a bucket, is known at the publish. */
function schemaProblems(
  { schema }: BigqueryParameters,
  { columns, onSchemaChange }: BroughtColumns,
): ColumnProblem[] {
  const choice = parseSchema(schema);
  if (choice.kind !== 'fields' || onSchemaChange === 'discard') return [];
  const staged = stagedColumns(columns);
  const single: TableField[] = choice.fields.filter(({ mode }) => mode !== 'REPEATED');
  const advice = 'Select, rename or cast the columns in a transform, or correct `schema`.';
  return [unknownTo(choice.fields, columns), ...misfits(single, staged)]
    .filter((what) => what !== null)
    .map((what) => ({ at: ['parameters', 'schema'], what, remedy: { advice } }));
}
