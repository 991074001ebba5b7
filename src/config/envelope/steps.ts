import type { ConfigPath } from '../values/config-path.js';
import { isMapping } from '../values/values.js';

/** A step of a config that may still be wrong: what is of the right type, and where it stands. */
export interface Step {
  kind: 'source' | 'transform' | 'sink';
  path: ConfigPath;
  name: string | undefined;
  module: string | undefined;
  /** Names that it reads, with the path of each. */
  inputs: { name: string; path: ConfigPath }[];
  parameters: Record<string, unknown>;
  raw: Record<string, unknown>;
}

const lists = [
  ['sources', 'source'],
  ['transforms', 'transform'],
  ['sinks', 'sink'],
] as const;

/** Every step of a config, in order, as far as it can be read. */
export function stepsOf(value: unknown): Step[] {
  if (!isMapping(value)) return [];
  return lists.flatMap(([list, kind]) => {
    const entries: unknown = value[list];
    if (!Array.isArray(entries)) return [];
    return entries.flatMap((raw: unknown, index) =>
      isMapping(raw) ? [stepOf(kind, [list, index], raw)] : [],
    );
  });
}

function stepOf(kind: Step['kind'], path: ConfigPath, raw: Record<string, unknown>): Step {
  return {
    kind,
    path,
    raw,
    name: textOf(raw['name']),
    module: textOf(raw['module']),
    inputs: kind === 'source' ? [] : inputsOf(raw, [...path, kind === 'sink' ? 'input' : 'inputs']),
    parameters: isMapping(raw['parameters']) ? raw['parameters'] : {},
  };
}

/** Names that stand as one text or as a list, whichever of the two would be right. */
function inputsOf(raw: Record<string, unknown>, path: ConfigPath): Step['inputs'] {
  const value = raw[String(path.at(-1))];
  if (typeof value === 'string') return [{ name: value, path }];
  return (Array.isArray(value) ? value : []).flatMap((name: unknown, index) =>
    typeof name === 'string' ? [{ name, path: [...path, index] }] : [],
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
