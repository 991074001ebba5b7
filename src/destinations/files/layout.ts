import { failure } from '../../shared/failures.js';
import type { ManifestSink } from '../../shared/run/manifest.js';
import type { Folder } from './folder.js';
import type { FilesParameters } from './parameters.js';
import type { Layout } from './records.js';

/** How the files of this publish are written. */
export function layoutOf(parameters: FilesParameters, schema: ManifestSink['schema']): Layout {
  const { format, partition_by = [], delimiter = ',', header = true, null_value = '' } = parameters;
  return {
    format,
    partition_by,
    ...(format === 'csv' ? { csv: { delimiter, header, null_value } } : {}),
    schema: schema.map(({ name, type, nullable }) => ({ name, type: plainType(type), nullable })),
  };
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
