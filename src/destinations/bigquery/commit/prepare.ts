import type { NewTable, TableResource } from '../../../gateways/bigquery-service.js';
import { faultPoint } from '../../../process/fault-point.js';
import { failure } from '../../../shared/failures.js';
import { assertTakes, broughtBy } from '../../column-problems.js';
import type { PublishOutlook, PublishRequest } from '../../destination.js';
import { checkStaged } from './checks.js';
import { columnProblems } from '../table/column-problems.js';
import { planColumns, type ColumnPlan } from '../columns/columns.js';
import { assertFits } from '../columns/limits.js';
import { fieldsFor, stagedColumns, type StagedColumn } from '../columns/staged-columns.js';
import type { OpenTable } from '../table/open-table.js';
import { checkStagedValues } from '../columns/staged-values.js';
import { stageFiles, stagingTables } from './staging.js';
import { commitScript, type Divided } from './statements.js';
import { fixedColumns, newTable, wantedFields } from '../table/table.js';
import { plainName, type TableName } from '../table/table-name.js';

/** Everything that a commit needs: it is one job from here. */
export interface Prepared {
  resource: TableResource;
  staging: TableName[];
  columns: ColumnPlan;
}

/** A table that is not there yet: the text of a commit is as long without its partitions. */
const undivided: Divided = {
  fields: [],
  requirePartitionFilter: false,
  timePartitioning: null,
  rangePartitioning: null,
};

/**
 * Decides about the columns, loads what is staged, checks it, and makes a table that is missing.
 * Nothing that the table holds is changed by it.
 */
export async function prepare(
  { service, table, parameters }: OpenTable,
  location: string,
  found: TableResource | null,
  request: PublishRequest,
): Promise<Prepared> {
  const place = plainName(table);
  const { sink: step } = request;
  assertTakes(columnProblems(parameters, broughtBy(request)), step);
  const staged = stagedColumns(request.staged.schema);
  const { missing, columns } = await columnsFor({ table, parameters }, found, staged, request);
  const input = { table, resource: found ?? undivided, columns, request };
  const tables = stagingTables(table, request);
  assertFits(place, step, {
    columns: columns.written.length + columns.dropped.length,
    tables: tables.length,
    script: commitScript({ ...input, staging: tables }),
  });
  await checkStagedValues(place, staged, request);
  const staging = await stageFiles(service, table, location, request, staged);
  await faultPoint('publisher:bigquery:staged');
  await checkStaged(service, location, place, staging, columns, request);
  if (missing) await service.createTable(table, missing);
  await faultPoint('publisher:bigquery:table-made');
  const resource = found ?? (await service.table(table));
  if (resource === null) {
    throw failure('ConnectionLost', `${place} is not there, though it was made just now`, { step });
  }
  return { resource, staging, columns };
}

/**
 * Decides what becomes of each column, and about the table if it is not there.
 * @throws `ConfigError` and `DataError`
 */
export async function columnsFor(
  { table, parameters }: Pick<OpenTable, 'table' | 'parameters'>,
  found: TableResource | null,
  staged: readonly StagedColumn[],
  { sink: step, mode, onSchemaChange }: Pick<PublishOutlook, 'sink' | 'mode' | 'onSchemaChange'>,
): Promise<{ missing: NewTable | null; columns: ColumnPlan }> {
  const wanted = await wantedFields(parameters, found);
  const missing = found ? null : newTable(table, parameters, wanted ?? fieldsFor(staged));
  const columns = planColumns({
    place: plainName(table),
    step,
    mode,
    onSchemaChange,
    staged,
    wanted,
    table: found?.fields ?? null,
    fixed: found ? fixedColumns(found) : [],
  });
  return { missing, columns };
}
