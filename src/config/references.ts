import { sampleValue, type ArgValue, type ResolvedArgs } from './arguments.js';
import type { LoadedConfig } from './document.js';
import { suggestion } from './near-miss.js';
import type { ConfigPath, Problem } from './problems.js';
import { isConnectionPath } from './secrets.js';
import { isMapping } from './values.js';

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
export function fillIn(loaded: LoadedConfig, args: ResolvedArgs): FilledIn {
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
    const outcome = fillString(text, args, { external: isConnectionPath(path) });
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
 * @param external whether `${env:…}` and `${file:…}` may stand here; they are left as they are
 */
export function fillString(
  text: string,
  args: ResolvedArgs,
  { external }: { external: boolean },
): FilledString {
  const outcome: FilledString = { value: text, messages: [], open: false };
  const argOf = (name: string): ArgValue | undefined => {
    if (Object.hasOwn(args.values, name)) return args.values[name];
    const type = args.types[name];
    outcome.open = true;
    return type === undefined ? undefined : sampleValue(type);
  };
  const whole = /^\$\{args\.([^{}]+)\}$/.exec(text)?.[1];
  if (whole !== undefined && Object.hasOwn(args.types, whole)) {
    return { ...outcome, value: argOf(whole) ?? text, open: outcome.open };
  }
  outcome.value = text.replaceAll(
    /\$\$\{|\$\{([^{}]*)\}|\$\{/g,
    (reference, inner: string | undefined) => {
      // In a connection's attributes, the process that connects reads the escape.
      if (reference === '$${') return external ? reference : '${';
      const name = /^args\.(.+)$/.exec(inner ?? '')?.[1];
      if (name !== undefined && Object.hasOwn(args.types, name)) return String(argOf(name));
      if (external && /^(env|file|secret):./.test(inner ?? '')) return reference;
      outcome.messages.push(badReference(reference, inner, name, args));
      return reference;
    },
  );
  return outcome;
}

function badReference(
  reference: string,
  inner: string | undefined,
  name: string | undefined,
  args: ResolvedArgs,
): string {
  if (name !== undefined) {
    const names = Object.keys(args.types);
    const none = names.length === 0 ? '; declare it under `args`' : '';
    return `no argument is named \`${name}\`${suggestion(name, names)}${none}`;
  }
  if (inner === undefined) return '`${` without `}`; write `$${` for the text `${`';
  if (/^(env|file|secret):/.test(inner)) {
    return `\`${reference}\` may stand only where a source says how to connect (host, user, password, …)`;
  }
  return `unknown reference \`${reference}\`; use \`\${args.NAME}\`, or \`$\${\` for the text \`\${\``;
}
