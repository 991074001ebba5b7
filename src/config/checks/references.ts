import { sampleValue, type ArgValue, type ResolvedArgs } from './arguments.js';
import type { LoadedConfig } from '../document/document.js';
import { suggestion } from '../values/near-miss.js';
import type { ConfigPath } from '../values/config-path.js';
import type { Problem } from '../document/problems.js';
import { badSecretReferences, isConnectionPath, secretForm } from './secrets.js';
import { isMapping, shortened } from '../values/values.js';
import { number } from '../../shared/counts.js';

/** All texts of a config, arguments filled in, have at most so many characters: each may multiply. */
export const mostFilled = 20_000_000;
/** Of one text so many references are told to be wrong. */
const mostMessages = 10;

/** How many characters texts may still take, arguments filled in. */
export interface FillBudget {
  left: number;
}

/** A config's data with its arguments filled in. */
export interface FilledIn {
  value: unknown;
  problems: Problem[];
  /** Places of texts with an argument that is not given or unknown: they are not judged. */
  open: Set<string>;
}

/** A value's place: a problem of its key stands elsewhere. */
export function placeOf({ path, line, column }: Problem): string {
  return `${path} ${line}:${column}`;
}

/** Fills `${args.NAME}` into every string of the steps, and `$${` becomes `${`. */
export function fillIn(
  loaded: LoadedConfig,
  args: ResolvedArgs,
  budget: FillBudget = { left: mostFilled },
): FilledIn {
  const filled: FilledIn = { value: undefined, problems: [], open: new Set() };
  const walk = (value: unknown, path: ConfigPath): unknown => {
    if (typeof value === 'string') return fillText(value, path);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (!isMapping(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]),
    );
  };
  const fillText = (text: string, path: ConfigPath): unknown => {
    const outcome = fillString(text, args, { external: isConnectionPath(path), budget });
    if (outcome.open || outcome.messages.length > 0)
      filled.open.add(placeOf(loaded.problem(path, '')));
    filled.problems.push(...outcome.messages.map((message) => loaded.problem(path, message)));
    return outcome.value;
  };
  const steps = new Set(['sources', 'transforms', 'sinks']);
  filled.value = isMapping(loaded.value)
    ? Object.fromEntries(
        Object.entries(loaded.value).map(([key, value]) => [
          key,
          steps.has(key) ? walk(value, [key]) : value,
        ]),
      )
    : loaded.value;
  return filled;
}

/** What became of one string. */
export interface FilledString {
  value: ArgValue;
  /** What is wrong with its references. */
  messages: string[];
  /** True if an argument without a value is in it: `value` holds a sample. */
  open: boolean;
}

/**
 * Fills in the references of one string. A string that is nothing but one reference takes the
 * argument's type.
 *
 * Where `external` references may stand, an argument may hold none: whoever gives arguments does not
 * say what is read on the host.
 * @param external whether `${env:…}`, `${file:…}` and `${secret:…}` may stand here; they are left as they are
 */
export function fillString(
  text: string,
  args: ResolvedArgs,
  { external, budget = { left: mostFilled } }: { external: boolean; budget?: FillBudget },
): FilledString {
  const messages = new Set<string>();
  const outcome: FilledString = { value: text, messages: [], open: false };
  const argOf = (name: string): ArgValue | undefined => {
    if (Object.hasOwn(args.values, name)) {
      const value = args.values[name];
      if (!external || !String(value).includes('${')) return value;
      messages.add(`argument \`${name}\` may hold no \`\${\`: it is part of how to connect`);
      return 'text';
    }
    const type = Object.hasOwn(args.types, name) ? args.types[name] : undefined;
    outcome.open = true;
    return type === undefined ? undefined : sampleValue(type);
  };
  const spend = (filled: string): string => {
    budget.left -= filled.length;
    if (budget.left >= 0) return filled;
    messages.add(`arguments make the texts longer than ${number(mostFilled)} characters`);
    return '';
  };
  const whole = /^\$\{args\.([^{}]+)\}$/.exec(text)?.[1];
  if (whole !== undefined && Object.hasOwn(args.types, whole)) {
    const value = argOf(whole) ?? text;
    return {
      ...outcome,
      value: typeof value === 'string' ? spend(value) : value,
      messages: [...messages],
    };
  }
  outcome.value = text.replaceAll(
    /\$\$\{|\$\{([^{}]*)\}|\$\{/g,
    (reference, inner: string | undefined) => {
      // In a connection's attributes, the process that connects reads the escape.
      if (reference === '$${') return external ? reference : '${';
      const name = /^args\.(.+)$/.exec(inner ?? '')?.[1];
      if (name !== undefined && Object.hasOwn(args.types, name)) return spend(String(argOf(name)));
      if (external && /^(env|file):./.test(inner ?? '')) return reference;
      const isSecret = inner?.startsWith('secret:') && badSecretReferences(reference).length === 0;
      if (external && isSecret) return reference;
      if (messages.size < mostMessages) {
        messages.add(badReference(shortened(reference), inner, name, args, external));
      }
      return reference;
    },
  );
  outcome.messages = [...messages];
  return outcome;
}

function badReference(
  reference: string,
  inner: string | undefined,
  name: string | undefined,
  args: ResolvedArgs,
  external: boolean,
): string {
  if (name !== undefined) {
    const names = Object.keys(args.types);
    const none = names.length === 0 ? '; declare it under `args`' : '';
    return `no argument is named \`${shortened(name)}\`${suggestion(name, names)}${none}`;
  }
  if (inner === undefined) return '`${` without `}`; write `$${` for the text `${`';
  if (external && inner.startsWith('secret:'))
    return `\`${reference}\` must be like \`${secretForm}\``;
  if (/^(env|file|secret):/.test(inner)) {
    return `\`${reference}\` may stand only where a source says how to connect (host, user, password, …)`;
  }
  return `unknown reference \`${reference}\`; use \`\${args.NAME}\`, or \`$\${\` for the text \`\${\``;
}
