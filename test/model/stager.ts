import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { ManifestSink } from '../../src/shared/run/manifest.js';
import { columnTypes, selectOf, type Table } from './rows.js';

/** Stages tables as Parquet, quickly: one DuckDB for all. */
export interface Stager {
  stage(table: Table): Promise<ManifestSink>;
  close(): void;
}

/** @param folder where the files are put */
export async function openStager(folder: string): Promise<Stager> {
  await mkdir(folder, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  let count = 0;
  return {
    async stage(table) {
      const uri = join(folder, `part-${++count}.parquet`);
      await connection.run(`COPY (${selectOf(table)}) TO '${uri}' (FORMAT parquet)`);
      const { size } = await stat(uri);
      const rows = table.rows.length;
      return {
        input: 'step',
        rows,
        bytes: size,
        schema: table.columns.map(({ name, type }) => ({
          name,
          type: columnTypes[type].arrow,
          nullable: true,
        })),
        files: [{ uri, rows, bytes: size }],
      };
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
