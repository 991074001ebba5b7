import type { LoadedConfig } from '../document/document.js';
import { argTypes, type ArgDeclaration, type ArgType } from '../envelope/envelope.js';
import { suggestion } from '../values/near-miss.js';
import type { Problem } from '../document/problems.js';
import { isMapping, own, shortened, shown, valueAt } from '../values/values.js';

export type ArgValue = string | number | boolean;

/** The arguments of one run. */
export interface ResolvedArgs {
  /** Given values and defaults, each of its declared type. */
  values: Record<string, ArgValue>;
  /** Declared, without a default, and not given. */
  missing: string[];
  /** Type of every declared argument. */
  types: Record<string, ArgType>;
  problems: Problem[];
}

/**
 * Brings the given values and the defaults to their declared types.
 * @param given by name; texts (from a command line) are read as the declared type
 */
export function resolveArgs(loaded: LoadedConfig, given: Record<string, unknown>): ResolvedArgs {
  const declared = declarations(loaded);
  const values: [string, ArgValue][] = [];
  const missing: string[] = [];
  const problems: Problem[] = [];
  for (const [name, { type, default: standard }] of Object.entries(declared)) {
    const isGiven = Object.hasOwn(given, name);
    const value = isGiven ? given[name] : standard;
    if (value === undefined) {
      missing.push(name);
      continue;
    }
    const typed = typedValue(type, value, isGiven);
    if (typed !== undefined) values.push([name, typed]);
    else {
      const isLong = isMapping(valueAt(loaded.value, ['args', name]));
      const at = isGiven || !isLong ? ['args', name] : ['args', name, 'default'];
      const what = isGiven ? `argument \`${name}\`` : 'the default';
      const message = `${what} must be ${typeWords[type]}, got ${shown(value)}`;
      problems.push(loaded.problem(at, message, isGiven ? 'key' : 'value'));
    }
  }
  const names = Object.keys(declared);
  for (const name of Object.keys(given).filter((key) => !Object.hasOwn(declared, key))) {
    const none = names.length === 0 ? '; this config declares no `args`' : '';
    const message = `no argument is named \`${shortened(name)}\`${suggestion(name, names)}${none}`;
    problems.push(loaded.problem(['args'], message, 'key'));
  }
  // Made of entries: `__proto__` is a name as any other.
  const types = Object.entries(declared).map(([name, { type }]): [string, ArgType] => [name, type]);
  return {
    values: Object.fromEntries(values),
    missing,
    types: Object.fromEntries(types),
    problems,
  };
}

/** The problems of arguments that a run needs and did not get. */
export function missingArgs(loaded: LoadedConfig, { missing, types }: ResolvedArgs): Problem[] {
  return missing.map((name) =>
    loaded.problem(
      ['args', name],
      `argument \`${name}\` (${own(types, name) ?? 'string'}) has no default; give it: --arg ${name}=…`,
      'key',
    ),
  );
}

/** A value of a type, for checking a config whose arguments are not given yet. */
export function sampleValue(type: ArgType): ArgValue {
  switch (type) {
    case 'string':
      return 'text';
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'date':
      return '2000-01-01';
    case 'timestamp':
      return '2000-01-01T00:00:00Z';
  }
}

/** Type of an argument in the short form `day: 2026-01-01`: that of its default. */
export function inferredType(value: ArgValue): ArgType {
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  if (isDate(value)) return 'date';
  return isTimestamp(value) ? 'timestamp' : 'string';
}

const typeWords: Record<ArgType, string> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: '`true` or `false`',
  date: 'a date such as 2026-01-31',
  timestamp: 'a timestamp such as 2026-01-31T12:00:00Z',
};

/** The declarations that are well-formed: the envelope reports the others. */
function declarations(loaded: LoadedConfig): Record<string, ArgDeclaration> {
  const args = valueAt(loaded.value, ['args']);
  const entries: [string, ArgDeclaration][] = [];
  for (const [name, value] of Object.entries(isMapping(args) ? args : {})) {
    if (isScalar(value)) entries.push([name, { type: inferredType(value), default: value }]);
    else if (isMapping(value)) {
      const type = argTypes.find((known) => known === value['type']);
      const standard = value['default'];
      if (type === undefined) continue;
      entries.push([name, isScalar(standard) ? { type, default: standard } : { type }]);
    }
  }
  return Object.fromEntries(entries);
}

function isScalar(value: unknown): value is ArgValue {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function typedValue(type: ArgType, value: unknown, fromText: boolean): ArgValue | undefined {
  const text = typeof value === 'string' ? value : undefined;
  switch (type) {
    case 'string':
      return fromText && isScalar(value) ? String(value) : text;
    case 'integer':
    case 'number': {
      const isNumber =
        text !== undefined && fromText && /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text);
      const number = isNumber ? Number(text) : value;
      const fits = type === 'integer' ? Number.isSafeInteger(number) : Number.isFinite(number);
      return typeof number === 'number' && fits ? number : undefined;
    }
    case 'boolean':
      if (fromText && (text === 'true' || text === 'false')) return text === 'true';
      return typeof value === 'boolean' ? value : undefined;
    case 'date':
      return text !== undefined && isDate(text) ? text : undefined;
    case 'timestamp':
      return text !== undefined && isTimestamp(text) ? text : undefined;
  }
}

function isDate(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`);
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(text) &&
    !Number.isNaN(day.getTime()) &&
    day.toISOString().startsWith(text)
  );
}

function isTimestamp(text: string): boolean {
  const match =
    /^(\d{4}-\d{2}-\d{2})[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/.exec(
      text,
    );
  return match !== null && isDate(match[1] ?? '');
}
