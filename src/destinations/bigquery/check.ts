import type { PublishOutlook } from '../destination.js';
import type { OpenTable } from './open-table.js';
import { columnsFor } from './prepare.js';
import { serviceFailure } from './service-failure.js';
import { stagedColumns } from './staged-columns.js';
import { findTable, locationOf } from './table.js';
import { plainName } from './table-name.js';

/** Compares with the table, if there is one; its dataset must be there. */
export async function checkTable(open: OpenTable, outlook: PublishOutlook): Promise<void> {
  const { service, table, parameters } = open;
  try {
    await locationOf(service, table);
    const found = await findTable(service, table, parameters);
    await columnsFor(open, found, stagedColumns(outlook.columns), outlook);
  } catch (error) {
    throw serviceFailure(error, plainName(table), outlook.sink);
  }
}
