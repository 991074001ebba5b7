import type { BigQueryService } from '../../../gateways/bigquery-service.js';
import { failure } from '../../../shared/failures.js';
import type { PublishRequest } from '../../destination.js';
import type { ColumnPlan } from '../columns/columns.js';
import { convertedRows, keyColumns } from './statements.js';
import { identifier, type TableName } from '../table/table-name.js';
import { sqlTypeOf, typeNameOf } from '../columns/type-fit.js';
import { countsOf, countStaged } from './value-counts.js';
import { counted, number } from '../../../shared/counts.js';

/** Values of keys that a message shows at most. */
const shown = 3;
/** Types that GoogleSQL neither compares nor groups. */
const incomparable = new Set(['JSON', 'STRUCT', 'GEOGRAPHY', 'INTERVAL']);

/**
 * Looks at what was loaded before anything of the table is changed.
 * @throws `StagingDamaged` if rows are missing, `DataError` for values that do not fit and for keys that
 *   are NULL or there twice
 */
export async function checkStaged(
  service: BigQueryService,
  location: string,
  place: string,
  staging: readonly TableName[],
  columns: ColumnPlan,
  request: PublishRequest,
): Promise<void> {
  const { merge, sink: step, staged } = request;
  const keys = merge === null ? [] : assertKeys(place, columns, merge.keys, step);
  const counts = countsOf(columns, keys, staged.rows);
  const { rows, problems } = await countStaged(service, location, staging, counts);
  if (rows !== staged.rows) {
    const message = `${place}: ${counted(rows, 'row')} loaded, the manifest says ${number(staged.rows)}. Nothing was written.`;
    throw failure('StagingDamaged', message, { step });
  }
  if (problems.length === 0 && merge !== null && merge.order === null && merge.window === null) {
    problems.push(...(await repeatedKeys(service, location, staging, columns, keys)));
  }
  if (problems.length === 0) return;
  throw failure('DataError', `${place}: ${problems.join('; ')}. Nothing was written.`, { step });
}

function assertKeys(
  place: string,
  columns: ColumnPlan,
  keys: readonly string[],
  step: string,
): ReturnType<typeof keyColumns> {
  const found = keyColumns(columns, keys);
  const absent = keys.filter(
    (key) => !found.some(({ field }) => field.name.toLowerCase() === key.toLowerCase()),
  );
  const wrong = found.filter(({ field }) => incomparable.has(typeNameOf(field.type)));
  const problems = [
    ...absent.map((key) => `merge key \`${key}\` is no column of the table and of what is staged`),
    ...wrong.map(
      ({ field }) => `merge key \`${field.name}\` is ${sqlTypeOf(field)}, which cannot be compared`,
    ),
  ];
  if (problems.length === 0) return found;
  const message = `${place}: ${problems.join('; ')}. Nothing was written. Name other \`merge_keys\`.`;
  throw failure('ConfigError', message, { step });
}

async function repeatedKeys(
  service: BigQueryService,
  location: string,
  staging: readonly TableName[],
  columns: ColumnPlan,
  keys: ReturnType<typeof keyColumns>,
): Promise<string[]> {
  const names = keys.map(({ field }) => identifier(field.name));
  const texts = keys.map(({ field }, index) => {
    const name = names[index] ?? '';
    return typeNameOf(field.type) === 'BYTES' ? `TO_HEX(${name})` : `CAST(${name} AS STRING)`;
  });
  const rows = await service.query(
    location,
    `SELECT ${texts.map((text, index) => `${text} AS k${index}`).join(', ')}, COUNT(*) OVER () AS total ` +
      `FROM (SELECT ${names.join(', ')} FROM (${convertedRows(staging, columns)}) ` +
      `GROUP BY ${names.join(', ')} HAVING COUNT(*) > 1) ` +
      `ORDER BY ${texts.map((_, index) => `k${index}`).join(', ')} LIMIT ${shown}`,
  );
  if (rows.length === 0) return [];
  const total = Number(rows[0]?.at(-1));
  const values = rows.map((row) => `(${row.slice(0, -1).join(', ')})`).join(', ');
  const listed = keys.map(({ field }) => `\`${field.name}\``).join(', ');
  return [
    `${counted(total, 'value')} of ${listed} more than once, such as ${values}: set \`merge_order\` to say ` +
      'which row counts, or leave one of each in a transform',
  ];
}
