import type { BigQueryService, TableResource } from '../../../gateways/bigquery-service.js';
import { failure } from '../../../shared/failures.js';
import type { CursorType, CursorValue } from '../../../shared/run/window.js';
import { lastOf } from '../../commit-order.js';
import { withoutRuns } from '../../cursors.js';
import type { GreatestValue, Position } from '../../destination.js';
import type { CommitLog } from './commit-log.js';
import { loggedIn } from './cursors.js';
import { partitionFilter } from './statements.js';
import { identifier, plainName, sqlName, type TableName } from '../table/table-name.js';
import { sqlTypeOf, typeNameOf } from '../columns/type-fit.js';

/** What a cursor's type is in BigQuery, and GoogleSQL of its text. */
const types: Record<string, { type: CursorType; text: (value: string) => string }> = {
  DATE: { type: 'date', text: (value) => `CAST(${value} AS STRING)` },
  DATETIME: { type: 'timestamp', text: (value) => `CAST(${value} AS STRING)` },
  TIMESTAMP: { type: 'timestamptz', text: (value) => `CAST(UNIX_MICROS(${value}) AS STRING)` },
  INT64: { type: 'integer', text: (value) => `CAST(${value} AS STRING)` },
};

/** What the log says of each source, and who published last. */
export function positionIn(log: CommitLog): Omit<Position, 'greatest' | 'empty'> {
  const commits = log.entries.filter(({ kind }) => kind === 'commit');
  const [last] = commits;
  return {
    cursors: withoutRuns(loggedIn(log)),
    last: last?.origin ? lastOf({ ...last.origin, runKey: last.runKey, sink: last.sink }) : null,
    commits: commits.map(({ runKey, sink }) => ({ runKey, sink })),
  };
}

/**
 * The greatest value of a column; null in an empty table.
 * @throws `ConfigError` if there is no such column, or it is of a type that no window can have
 */
export async function greatestOf(
  service: BigQueryService,
  location: string,
  table: TableName,
  resource: TableResource,
  column: string,
): Promise<GreatestValue | null> {
  const field = resource.fields.find(({ name }) => name.toLowerCase() === column.toLowerCase());
  const cursor = field === undefined ? undefined : types[typeNameOf(field.type)];
  if (field === undefined || cursor === undefined || field.mode === 'REPEATED') {
    const what = field === undefined ? 'has no column' : `has the ${sqlTypeOf(field)} column`;
    throw failure(
      'ConfigError',
      `${plainName(table)} ${what} \`${column}\`; an incremental column is a DATE, DATETIME, TIMESTAMP or INT64`,
    );
  }
  const filter = partitionFilter(resource).map((condition) => ` WHERE ${condition}`);
  const [row] = await service.query(
    location,
    `SELECT ${cursor.text(`MAX(${identifier(field.name)})`)} AS greatest FROM ${sqlName(table)}${filter.join('')}`,
  );
  const value = row?.[0] ?? null;
  return value === null ? null : { type: cursor.type, value: cursorValueOf(cursor.type, value) };
}

function cursorValueOf(type: CursorType, text: string): CursorValue {
  switch (type) {
    case 'date':
    case 'integer':
      return text;
    case 'timestamp': {
      const [seconds = '', fraction = ''] = text.replace(' ', 'T').split('.');
      return `${seconds}.${fraction.padEnd(6, '0')}`;
    }
    case 'timestamptz': {
      const micros = BigInt(text);
      const within = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
      const seconds = new Date(Number((micros - within) / 1000n)).toISOString().slice(0, 19);
      return `${seconds}.${String(within).padStart(6, '0')}Z`;
    }
  }
}
