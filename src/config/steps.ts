import type { ConfigPath } from './problems.js';
import { isMapping } from './values.js';

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
  const inputs = kind === 'transform' ? raw['inputs'] : undefined;
  const input = kind === 'sink' ? raw['input'] : undefined;
  return {
    kind,
    path,
    raw,
    name: textOf(raw['name']),
    module: textOf(raw['module']),
    inputs: [
      ...(Array.isArray(inputs) ? inputs : []).flatMap((name: unknown, index) =>
        typeof name === 'string' ? [{ name, path: [...path, 'inputs', index] }] : [],
      ),
      ...(typeof input === 'string' ? [{ name: input, path: [...path, 'input'] }] : []),
    ],
    parameters: isMapping(raw['parameters']) ? raw['parameters'] : {},
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
