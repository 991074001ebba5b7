import { statSync } from 'node:fs';
import type { PublishOutlook } from '../destination.js';
import { assertNoView, columnNamed, columnsOf, type Column, type Target } from './columns.js';
import { openToRead } from './open.js';
import { columnChange } from './schema-change.js';
import { duckdbTypeOf } from './staged-types.js';

/** Compares with the table, if there is one; the database file is opened for reading only. */
export async function checkTable(
  database: string,
  target: Target,
  outlook: PublishOutlook,
): Promise<void> {
  if (statSync(database, { throwIfNoEntry: false })?.isFile() !== true) return;
  const instance = await openToRead(database);
  try {
    const connection = await instance.connect();
    await assertNoView(connection, target, outlook.sink);
    const there = await columnsOf(connection, target);
    if (outlook.mode === 'replace' || there.length === 0) return;
    columnChange(target, there, columnsIn(outlook, there), outlook);
  } finally {
    instance.closeSync();
  }
}

/** A type that is not known before it is staged is taken for the table's own. */
function columnsIn({ columns }: PublishOutlook, there: readonly Column[]): Column[] {
  return columns.map(({ name, type }) => ({
    name,
    type: duckdbTypeOf(type) ?? columnNamed(there, name)?.type ?? '',
  }));
}
