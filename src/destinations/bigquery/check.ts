import type { PublishOutlook } from '../destination.js';
import type { OpenTable } from './table/open-table.js';
import { columnsFor } from './commit/prepare.js';
import { serviceFailure } from './table/service-failure.js';
import { stagedColumns } from './columns/staged-columns.js';
import { findTable, locationOf } from './table/table.js';
import { plainName } from './table/table-name.js';

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
