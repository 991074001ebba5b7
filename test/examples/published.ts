import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

/** All rows of each published table or folder, sorted, by its name. */
export type Published = Record<string, unknown[][]>;

/** Reads everything that was published below a folder: tables of DuckDB files, folders of files. */
export async function publishedIn(data: string): Promise<Published> {
  const published: Published = {};
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rowsOf = async (from: string): Promise<unknown[][]> =>
    (await connection.runAndReadAll(`SELECT * FROM ${from} ORDER BY ALL`)).getRowsJson();
  try {
    for (const { name } of readdirSync(data, { withFileTypes: true })) {
      if (name.endsWith('.duckdb')) {
        await connection.run(`ATTACH '${join(data, name)}' AS file (READ_ONLY)`);
        for (const table of await tablesOf(connection)) {
          published[`${name} ${table}`] = await rowsOf(`file.${table}`);
        }
        await connection.run('DETACH file');
      } else {
        const files = join(data, name, 'current', '**');
        const [extension] = filesBelow(join(data, name, 'current'));
        published[name] = await rowsOf(`'${files}/*.${extension ?? 'parquet'}'`);
      }
    }
    return published;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function tablesOf(connection: DuckDBConnection): Promise<string[]> {
  const tables = await connection.runAndReadAll(
    "SELECT schema_name || '.' || table_name FROM duckdb_tables() " +
      "WHERE database_name = 'file' AND schema_name <> '_beamline' ORDER BY ALL",
  );
  return tables.getRowsJson().flatMap(([name]) => (typeof name === 'string' ? [name] : []));
}

/** The endings of the data files below a folder, each once. */
function filesBelow(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const endings = names.flatMap((name) => /\.(parquet|csv|jsonl|json)$/.exec(name)?.[1] ?? []);
  return [...new Set(endings)];
}
