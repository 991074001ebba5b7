import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

export interface InMemory {
  connection: DuckDBConnection;
  close(): void;
}

/** A DuckDB without a database, in UTC; beyond its memory limit it spills to `spill`, if that is given. */
export async function openInMemory(spill?: string): Promise<InMemory> {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: '1GB',
    autoinstall_known_extensions: 'false',
    ...(spill === undefined ? {} : { temp_directory: spill }),
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return {
    connection,
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
