import { resolve } from 'node:path';
import { isGsUri } from '../../store/gs-uri.js';
import { NotRegular, readRegularText, TooLarge } from '../../store/read-regular.js';
import type { Destination } from '../destination.js';
import { columnProblems } from './table/column-problems.js';
import { bigqueryParameters, type BigqueryParameters } from './table/parameters.js';
import { parseSchema, parseSchemaFile } from './columns/schema-text.js';
import { parseTableName, plainName } from './table/table-name.js';

/** 10,000 columns with descriptions. */
const mostSchemaBytes = 10_000_000;

/** A table in BigQuery. */
export const destination: Destination<BigqueryParameters> = {
  name: 'bigquery',
  summary: 'Writes a table in BigQuery.',
  parameters: bigqueryParameters,
  modes: ['replace', 'append', 'merge'],
  schemaChanges: ['fail', 'add_columns', 'discard'],
  reads: 'remote',
  address: ({ table }) => ({ table }),
  // Names of datasets and tables tell upper from lower case; a project's has none.
  key: ({ table }) => `bigquery:${plainName(parseTableName(table))}`,
  location: ({ table }) => plainName(parseTableName(table)),
  pin(parameters, { root, outsideRoots }) {
    const schema = parseSchema(parameters.schema);
    // A file in Cloud Storage is read when the run publishes.
    if (schema.kind !== 'file' || isGsUri(schema.path)) return { parameters };
    const refused = (message: string) => ({
      problem: { parameter: 'schema', message: `${schema.path}: ${message}` },
    });
    const outside = outsideRoots(schema.path);
    if (outside !== undefined) return { problem: { parameter: 'schema', message: outside } };
    try {
      const fields = parseSchemaFile(readRegularText(resolve(root, schema.path), mostSchemaBytes));
      return { parameters: { ...parameters, schema: JSON.stringify(fields) } };
    } catch (error) {
      const isKnown = [RangeError, NotRegular, TooLarge].some((kind) => error instanceof kind);
      if (isKnown) return refused((error as Error).message);
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return refused('no such file; paths start at the project root');
      return refused(`cannot be read (${code ?? String(error)})`);
    }
  },
  columnProblems,
  async check(parameters, _, outlook) {
    const [{ checkTable }, { createBigQuery }] = await Promise.all([
      import('./check.js'),
      import('../../gateways/bigquery.js'),
    ]);
    const table = parseTableName(parameters.table);
    await checkTable({ service: createBigQuery(table.project), table, parameters }, outlook);
  },
  async open(parameters) {
    const [{ openTable }, { createBigQuery }] = await Promise.all([
      import('./publisher.js'),
      import('../../gateways/bigquery.js'),
    ]);
    const table = parseTableName(parameters.table);
    return openTable(createBigQuery(table.project), table, parameters);
  },
};
