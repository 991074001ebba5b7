import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { publisherOn } from '../../src/destinations/duckdb/publisher.js';
import { duckdbSink } from '../destinations/duckdb/support.js';
import type { ModelDestination, OpenDestination } from './open-destination.js';
import { textOf, type Row } from './rows.js';

/** DuckDB: each table in a file of its own below the root. */
export function inDuckdb(root: string): ModelDestination {
  return {
    name: 'DuckDB',
    open: (table) => openDatabase(root, table),
    stop: async () => undefined,
  };
}

/** Opens the file in this process: a child for each of thousands of publishes would take hours. */
async function openDatabase(root: string, table: string): Promise<OpenDestination> {
  const database = `${table}.duckdb`;
  const file = join(root, database);
  const instance = await DuckDBInstance.create(file, { threads: '1' });
  const [writer, reader] = [await instance.connect(), await instance.connect()];
  await reader.run("SET TimeZone = 'UTC'");
  let left = Infinity;
  const publisher = await publisherOn(
    mortal(writer, () => left-- > 0),
    { schema: 'main', table },
    file,
  );
  return {
    sink: duckdbSink(root, { database, table }),
    publisher,
    async read(columns) {
      const exists = `SELECT 1 FROM duckdb_tables() WHERE table_name = '${table}'`;
      if ((await reader.runAndReadAll(exists)).currentRowCount === 0) return null;
      const texts = columns.map((column) => `${textOf(column)} AS "${column.name}"`);
      const found = await reader.runAndReadAll(`SELECT ${texts.join(', ')} FROM ${table}`);
      return { columns, rows: found.getRowObjects() as Row[] };
    },
    async leftBehind() {
      const others = `SELECT table_name FROM duckdb_tables()
        WHERE table_name <> '${table}' AND schema_name <> '_beamline'`;
      return (await reader.runAndReadAll(others)).getRows().map(String);
    },
    killAfter(calls) {
      left = calls;
      return { isHit: () => left < 0, settled: async () => undefined };
    },
    fallAsleep: async () => null,
    async close() {
      writer.closeSync();
      reader.closeSync();
      instance.closeSync();
    },
  };
}

/** The connection, as long as `mayRun` says so before each statement. */
function mortal(connection: DuckDBConnection, mayRun: () => boolean): DuckDBConnection {
  return new Proxy(connection, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (typeof found !== 'function') return found;
      return (...given: unknown[]): unknown => {
        if ((name === 'run' || name === 'runAndReadAll') && !mayRun()) {
          return Promise.reject(new Error('killed'));
        }
        return Reflect.apply(found, target, given);
      };
    },
  });
}
