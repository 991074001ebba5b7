import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isGsUri } from '../../store/gs-uri.js';
import type { Destination } from '../destination.js';
import { bigqueryParameters, type BigqueryParameters } from './parameters.js';
import { parseSchema, parseSchemaFile } from './schema-text.js';
import { parseTableName, plainName } from './table-name.js';

/** A table in BigQuery. */
export const destination: Destination<BigqueryParameters> = {
  name: 'bigquery',
  summary: 'Writes a table in BigQuery.',
  parameters: bigqueryParameters,
  modes: ['replace', 'append', 'merge'],
  schemaChanges: ['fail', 'add_columns', 'discard'],
  // Names of datasets and tables tell upper from lower case; a project's has none.
  key: ({ table }) => `bigquery:${plainName(parseTableName(table))}`,
  location: ({ table }) => plainName(parseTableName(table)),
  pin(parameters, { root }) {
    const schema = parseSchema(parameters.schema);
    // A file in Cloud Storage is read when the run publishes.
    if (schema.kind !== 'file' || isGsUri(schema.path)) return { parameters };
    const refused = (message: string) => ({
      problem: { parameter: 'schema', message: `${schema.path}: ${message}` },
    });
    try {
      const fields = parseSchemaFile(readFileSync(resolve(root, schema.path), 'utf8'));
      return { parameters: { ...parameters, schema: JSON.stringify(fields) } };
    } catch (error) {
      if (error instanceof RangeError) return refused(error.message);
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return refused('no such file; paths start at the project root');
      return refused(`cannot be read (${code ?? String(error)})`);
    }
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
