import { join } from 'node:path';
import { failure } from '../../shared/failures.js';
import { lastOf } from '../commit-order.js';
import { greatestValues, withoutRuns, type LoggedCursors } from '../cursors.js';
import type { AskedSource, GreatestValue, Position } from '../destination.js';
import { assertCursorType, greatestCursor } from '../duckdb-cursor.js';
import { literal } from '../staged-parquet.js';
import { openInMemory } from '../in-memory.js';
import type { Folder } from './folder.js';
import { newestData, readRecords, type CommitRecord, type DataRecord } from './records.js';

/** What the records and the files of the newest version say of where incremental reading stands. */
export async function positionOf(
  folder: Folder,
  sources: readonly AskedSource[],
): Promise<Position> {
  const records = await readRecords(folder);
  const commits = records.filter((record) => record.kind === 'commit').toReversed();
  const newest = newestData(records);
  const cursors = withoutRuns(cursorsIn(records));
  return {
    empty: isEmpty(newest),
    cursors,
    greatest: await greatestValues(sources, cursors, async (column) =>
      newest === undefined ? null : greatest(folder, newest, column),
    ),
    last:
      newest?.origin === undefined
        ? null
        : lastOf({ ...newest.origin, runKey: newest.run_key, sink: newest.sink }),
    commits: commits.slice(0, 100).map(({ run_key, sink }) => ({ runKey: run_key, sink })),
  };
}

/** True without any commit, too. */
export function isEmpty(newest: DataRecord | undefined): boolean {
  return newest === undefined || newest.files.every(({ rows }) => rows === 0);
}

/** Of each source what the newest record that has it says, of those since the last `replace`. */
export function cursorsIn(records: readonly CommitRecord[]): LoggedCursors {
  const commits = records.filter((record) => record.kind === 'commit');
  const since = commits.slice(
    Math.max(
      commits.findLastIndex(({ mode }) => mode === 'replace'),
      0,
    ),
  );
  return Object.fromEntries(
    since.flatMap(({ windows, run_key: runKey }) =>
      Object.entries(windows ?? {}).map(([key, cursor]) => [key, { ...cursor, runKey }]),
    ),
  );
}

/** Parquet tells it by its statistics or one column; the other formats would have to be read whole. */
async function greatest(
  { root, log }: Folder,
  { layout, files }: DataRecord,
  column: string,
): Promise<GreatestValue | null> {
  const names = layout.schema.map(({ name }) => name);
  const name = names.find((one) => one.toLowerCase() === column.toLowerCase());
  if (name === undefined) {
    throw failure(
      'ConfigError',
      `${root}: its files have no column \`${column}\` (${names.join(', ')}), whose greatest value tells ` +
        'where to begin. Keep that column in the transforms, or name another `incremental_column`.',
    );
  }
  if (layout.format !== 'parquet' || layout.partition_by.includes(name)) {
    const why = layout.format !== 'parquet' ? `they are ${layout.format}` : 'it names folders';
    throw failure(
      'ConfigError',
      `${root} has files and no record of where the last window of this source ended, and the greatest ` +
        `value of \`${column}\` cannot be read from them: ${why}. Publish once with \`mode: replace\`, or ` +
        'give the sink a new folder.',
    );
  }
  const paths = files.map(({ path }) => literal(join(root, path).replaceAll(/[*?[]/g, '[$&]')));
  const source = `read_parquet([${paths.join(', ')}], hive_partitioning = false)`;
  const encoder = await openInMemory(join(log, 'spill'));
  const { connection } = encoder;
  try {
    const described = await connection.runAndReadAll(
      `SELECT column_type FROM (DESCRIBE SELECT * FROM ${source}) WHERE column_name = ${literal(name)}`,
    );
    const type = assertCursorType(column, String(described.getRows()[0]?.[0]), root);
    const found = await connection.runAndReadAll(
      `SELECT ${greatestCursor(name, type)} FROM ${source}`,
    );
    const value = found.getRows()[0]?.[0];
    return typeof value === 'string' ? { type, value } : null;
  } finally {
    encoder.close();
  }
}
