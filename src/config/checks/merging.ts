import {
  onSchemaChanges,
  sinkModes,
  type Destination,
  type Merge,
} from '../../destinations/destination.js';
import type { ConfigPath } from '../values/config-path.js';
import type { LoadedConfig } from '../document/document.js';
import type { Problem } from '../document/problems.js';
import type { Step } from '../envelope/steps.js';

/** `merge_keys` of a sink: beside `mode`, or among the parameters as satokiyo/pydataflow-template also has them. */
export function mergeOf(sink: Step): Pick<Merge, 'keys' | 'order'> | undefined {
  if (sink.raw['mode'] !== 'merge') return undefined;
  const keys = textsOf(sink.raw['merge_keys'] ?? sink.parameters['merge_keys']);
  if (keys === undefined || keys.length === 0) return undefined;
  return { keys, order: textsOf(sink.raw['merge_order']) ?? null };
}

/** A sink's parameters without `merge_keys`. */
export function withoutMergeKeys(
  parameters: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { merge_keys: _keys, ...rest } = parameters;
  return rest;
}

/** Of the values that every sink's schema allows, those that this one takes. */
export function sinkChoices(
  destinations: ReadonlyMap<Step, Destination>,
): (path: ConfigPath, all: readonly string[]) => readonly string[] {
  return ([list, index, key, ...more], all) => {
    const sinks = list === 'sinks' && more.length === 0 ? [...destinations] : [];
    const [step, destination] = sinks.find(([{ path }]) => path[1] === index) ?? [];
    if (destination === undefined) return all;
    switch (String(key)) {
      case 'mode':
        return destination.modes;
      case 'on_schema_change':
        return destination.schemaChanges;
      case 'on_empty':
        return all.filter((value) => value !== 'truncate' || !neverEmpties(step?.raw['mode']));
      default:
        return all;
    }
  };
}

/** Whether a mode leaves the rows that are there. */
export function neverEmpties(mode: unknown): mode is 'append' | 'merge' {
  return mode === 'append' || mode === 'merge';
}

/** What is wrong with a sink's mode, and with what a merge needs. */
export function mergeProblems(
  loaded: LoadedConfig,
  sink: Step,
  destination: Destination,
): Problem[] {
  const { path, raw, parameters } = sink;
  const mode = typeof raw['mode'] === 'string' ? raw['mode'] : 'replace';
  const problems = unsupported(loaded, sink, destination, 'mode');
  if (problems.length > 0) return problems;
  if (mode !== 'merge') {
    return ['merge_keys', 'merge_order']
      .filter((key) => raw[key] !== undefined)
      .map((key) =>
        loaded.problem([...path, key], `is for \`mode: merge\`; the mode is \`${mode}\``, 'key'),
      );
  }
  const inParameters = parameters['merge_keys'];
  const beside = raw['merge_keys'];
  const place = beside === undefined && inParameters !== undefined ? [...path, 'parameters'] : path;
  if (beside === undefined && inParameters === undefined) {
    const message =
      '`merge_keys` is missing: the columns whose values name a row, such as `merge_keys: [id]`';
    return [loaded.problem([...path, 'mode'], message)];
  }
  if (beside !== undefined && inParameters !== undefined && !isEqual(beside, inParameters)) {
    const message = 'is not the same as `merge_keys` beside `mode`; keep one of them';
    return [loaded.problem([...path, 'parameters', 'merge_keys'], message)];
  }
  const keys = textsOf(beside ?? inParameters);
  if (keys === undefined || keys.length === 0) {
    const message = 'must be a list of column names, such as `[id]`';
    return [loaded.problem([...place, 'merge_keys'], message)];
  }
  const repeated = keys.find((key, index) => keys.indexOf(key) !== index);
  if (repeated === undefined) return [];
  return [loaded.problem([...place, 'merge_keys'], `names \`${repeated}\` twice`)];
}

/** A choice that not every destination has, and this one lacks; of others the envelope says what is wrong. */
export function unsupported(
  loaded: LoadedConfig,
  { path, raw }: Step,
  { name, modes, schemaChanges }: Destination,
  key: 'mode' | 'on_schema_change',
): Problem[] {
  const [everywhere, here]: (readonly string[])[] =
    key === 'mode' ? [sinkModes, modes] : [onSchemaChanges, schemaChanges];
  const value = raw[key];
  if (typeof value !== 'string' || !everywhere?.includes(value) || here?.includes(value)) return [];
  const message = `${key} \`${value}\` is not supported by \`${name}\` (${here?.join(', ')})`;
  return [loaded.problem([...path, key], message)];
}

/** A list of texts; one text alone is a list of one. */
function textsOf(value: unknown): string[] | undefined {
  if (typeof value === 'string' && value !== '') return [value];
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((item): item is string => typeof item === 'string' && item !== '');
  return texts.length === value.length ? texts : undefined;
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(textsOf(a)) === JSON.stringify(textsOf(b));
}
