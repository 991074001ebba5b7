import { failure } from '../../shared/failures.js';
import type { ManifestSink } from '../../shared/manifest.js';
import type { Folder } from './folder.js';
import type { FilesParameters } from './index.js';
import type { Layout } from './records.js';

/** Types whose text, in a folder's name, is exact. */
const partitionTypes = /^(u?int(8|16|32|64)|(large_)?string(_view)?|bool|date32\[day\])$/;

/** How the files of this publish are written. */
export function layoutOf(parameters: FilesParameters, { schema }: ManifestSink): Layout {
  const { format, partition_by = [], delimiter = ',', header = true, null_value = '' } = parameters;
  return {
    format,
    partition_by,
    ...(format === 'csv' ? { csv: { delimiter, header, null_value } } : {}),
    schema: schema.map(({ name, type, nullable }) => ({ name, type: plainType(type), nullable })),
  };
}

/**
 * Refuses partition columns that are not there, or whose values cannot name folders.
 * @throws `ConfigError`
 */
export function assertPartitions({ partition_by, schema }: Layout, step: string): void {
  if (partition_by.length === 0) return;
  const types = new Map(schema.map(({ name, type }) => [name, type]));
  const problems = partition_by.flatMap((column) => {
    const type = types.get(column);
    if (type === undefined) {
      return [`there is no column \`${column}\` (${[...types.keys()].join(', ')})`];
    }
    if (partitionTypes.test(type)) return [];
    return [
      `column \`${column}\` is ${type}; cast it to a whole number, text, true/false or a date`,
    ];
  });
  if (partition_by.length >= types.size && problems.length === 0) {
    problems.push('it names every column, and a file needs at least one');
  }
  if (problems.length === 0) return;
  throw failure(
    'ConfigError',
    `${step}: \`partition_by\`: ${problems.join('; ')}. Nothing was written.`,
    { step },
  );
}

/**
 * Refuses an append that would leave one folder with files of two kinds.
 * @throws `DataError` for other columns, `ConfigError` for another way of writing
 */
export function assertAppendable(folder: Folder, before: Layout, now: Layout, step: string): void {
  const refuse = (type: 'DataError' | 'ConfigError', problems: string[]) =>
    failure(
      type,
      `${folder.root} cannot be appended to: ${problems.join('; ')}. Nothing was written. ` +
        'Make them equal, or use `mode: replace`.',
      { step },
    );
  const ways = (['format', 'partition_by', 'csv'] as const).flatMap((key) => {
    const [old, wanted] = [JSON.stringify(before[key]), JSON.stringify(now[key])];
    return old === wanted ? [] : [`its files have \`${key}\` ${old}, this sink ${wanted}`];
  });
  if (ways.length > 0) throw refuse('ConfigError', ways);
  const columns = differences(before, now);
  if (columns.length > 0) throw refuse('DataError', columns);
}

function differences(before: Layout, now: Layout): string[] {
  const old = new Map(before.schema.map(({ name, type }) => [name, type]));
  const wanted = new Map(now.schema.map(({ name, type }) => [name, type]));
  const found = [...new Set([...old.keys(), ...wanted.keys()])].flatMap((name) => {
    const [was, is] = [old.get(name), wanted.get(name)];
    if (was === undefined) return [`its files have no column \`${name}\``];
    if (is === undefined) return [`the run brings no column \`${name}\``];
    return was === is ? [] : [`column \`${name}\` is ${was} in its files and ${is} in the run`];
  });
  if (found.length > 0 || now.format !== 'csv') return found;
  return namesOf(before) === namesOf(now)
    ? []
    : [`its columns are in the order ${namesOf(before)}, the run's ${namesOf(now)}`];
}

function namesOf({ schema }: Layout): string {
  return schema.map(({ name }) => name).join(', ');
}

/** The same values in another encoding are the same type. */
function plainType(type: string): string {
  return (/^dictionary<values=(.*), indices=/.exec(type)?.[1] ?? type).replace(/^large_/, '');
}
