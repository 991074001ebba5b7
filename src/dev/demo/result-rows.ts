import { DuckDBInstance } from '@duckdb/node-api';
import { number } from '../../shared/counts.js';
import { columns } from '../../text/columns.js';

/** The first rows of a table in a DuckDB file, as lines of aligned columns. */
export async function resultRows(database: string, query: string): Promise<string[]> {
  const instance = await DuckDBInstance.create(database, { access_mode: 'READ_ONLY' });
  try {
    const connection = await instance.connect();
    try {
      const reader = await connection.runAndReadAll(query);
      const rows = reader.getRowsJson().map((row) => row.map(textOf));
      return columns([reader.columnNames(), ...rows]);
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'number') return number(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
