import { own } from '../values/values.js';

/** Keys of a sink that other tools have, by what they mean here; no near miss tells that. */
const ofSink: Readonly<Record<string, string>> = {
  writedisposition:
    'the sink itself has `mode`: replace (WRITE_TRUNCATE), append (WRITE_APPEND) or merge',
  primarykey: 'the sink itself has `merge_keys`, with `mode: merge`',
  schemaupdateoptions: 'the sink itself has `on_schema_change`',
};

/** What a key of another tool is called here; undefined if it is no such key. */
export function foreignKeyMessage(
  parent: readonly (string | number)[],
  key: string,
): string | undefined {
  if (parent[0] !== 'sinks') return undefined;
  const meant = own(ofSink, key.toLowerCase().replaceAll(/[-_]/g, ''));
  return meant === undefined ? undefined : `unknown key; ${meant}`;
}
