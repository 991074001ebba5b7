import type { z } from 'zod';
import { durationPattern } from '../../shared/duration.js';
import { stepNamePattern } from '../envelope/envelope.js';
import { foreignKeyMessage } from '../envelope/foreign-keys.js';
import { laterMessage, laterValueMessage } from '../envelope/later.js';
import { nearMiss, shortList, suggestion } from '../values/near-miss.js';
import type { ConfigPath } from '../values/config-path.js';
import type { Problem } from '../document/problems.js';
import type { LoadedConfig } from '../document/document.js';
import { allowedKeys, type JsonSchema } from '../values/schema-walk.js';
import { isSecretPath } from './secrets.js';
import { shortened, shown, valueAt } from '../values/values.js';

type Issue = z.core.$ZodIssue;

/** What the formatter needs beside the issues that zod found. */
export interface IssueContext {
  loaded: LoadedConfig;
  /** The value that was checked, arguments filled in: its root is the document's. */
  value: unknown;
  /** Where the checked part begins in the document. */
  base: ConfigPath;
  /** The JSON Schema of the checked part; asked for only if a key is unknown. */
  schema: () => JsonSchema;
  /** Ends every message, to say whose parameter it is: ` (source `orders`)`. */
  about?: string;
  /** True if no value may be shown, as in a file of connection profiles. */
  secret?: boolean;
  /** What to say of an unknown key, if there is more to say; default: the keys reserved for later. */
  hint?: (parent: ConfigPath, key: string) => string | undefined;
  /** Of the values that the schema allows at a place, those that are of use there; default: all. */
  choices?: (path: ConfigPath, allowed: readonly string[]) => readonly string[];
}

/** So many issues become problems, and so many unknown keys of one mapping; then their number is told. */
const mostIssues = 1000;
const mostUnknown = 20;
/** What is shown of a value that may be a secret. */
const hidden = 'another value';

/** One problem per thing that is wrong, in words: the same for envelope, modules and destinations. */
export function problemsOf(issues: readonly Issue[], context: IssueContext): Problem[] {
  const flat = issues.slice(0, mostIssues).flatMap((issue) => flatten(issue));
  const meant = new Set(flat.flatMap((issue) => meantKeys(issue, context)));
  const problems = flat
    .filter((issue) => !(isMissing(issue, context) && meant.has(JSON.stringify(issue.path))))
    .flatMap((issue) => explain(issue, context));
  if (issues.length <= mostIssues) return problems;
  const more = `and ${issues.length - mostIssues} more values that are wrong`;
  return [...problems, context.loaded.problem(context.base, more)];
}

/** Paths of the keys that misspelt ones stand for: those are not reported as missing as well. */
function meantKeys(issue: Issue, { schema }: IssueContext): string[] {
  if (issue.code !== 'unrecognized_keys') return [];
  const allowed = allowedKeys(schema(), issue.path as ConfigPath);
  return issue.keys
    .slice(0, mostIssues)
    .map((key) => JSON.stringify([...issue.path, nearMiss(key, allowed)]));
}

/** The unknown keys of one mapping. */
function unknownKeys(
  keys: readonly string[],
  inside: ConfigPath,
  { loaded, base, about = '', schema, hint = laterMessage }: IssueContext,
): Problem[] {
  const path = [...base, ...inside];
  const allowed = allowedKeys(schema(), inside);
  const problems = keys.slice(0, mostUnknown).map((key) => {
    const known = hint(path, key) ?? foreignKeyMessage(path, key);
    if (known !== undefined) return loaded.problem([...path, key], known, 'key');
    const near = nearMiss(key, allowed);
    const advice = near === undefined ? ` (${shortList(allowed)})` : `; did you mean \`${near}\`?`;
    return loaded.problem([...path, key], `unknown key${advice}${about}`, 'key');
  });
  const rest = keys.length - problems.length;
  if (rest > 0) problems.push(loaded.problem(path, `and ${rest} more unknown keys${about}`, 'key'));
  return problems;
}

function isMissing(issue: Issue, { value, base }: IssueContext): boolean {
  return valueAt(value, [...base, ...(issue.path as ConfigPath)]) === undefined;
}

/** Of a union's alternatives, follows the one that the author most likely meant. */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const branches = issue.errors as Issue[][];
  const fitting = branches.filter((branch) => !branch.some(isOtherKind));
  const [best] = fitting.toSorted((a, b) => score(a) - score(b));
  if (best === undefined) return [issue];
  return best
    .map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
    .flatMap((inner) => flatten(inner));
}

/** Another kind of value (text, not mapping), or another member of a tagged union. */
function isOtherKind(issue: Issue): boolean {
  if (issue.path.length === 0) {
    if (issue.code !== 'invalid_union') return issue.code === 'invalid_type';
    return (issue.errors as Issue[][]).every((branch) => branch.some(isOtherKind));
  }
  return issue.path.length === 1 && issue.code === 'invalid_value' && issue.values.length === 1;
}

function score(branch: Issue[]): number {
  return branch.reduce(
    (sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1),
    0,
  );
}

function explain(issue: Issue, context: IssueContext): Problem[] {
  const { loaded, value, base, about = '', secret = false } = context;
  const inside = issue.path as ConfigPath;
  const path = [...base, ...inside];
  const got = valueAt(value, path);
  // A file that is one text is no config; it may be anything.
  const isAnyText = path.length === 0 && typeof got === 'string';
  const gotText = secret || isSecretPath(path) ? hidden : isAnyText ? 'text' : shown(got);
  const here = (message: string, part: 'key' | 'value' = 'value'): Problem[] => [
    loaded.problem(path, message + about, part),
  ];
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownKeys(issue.keys, inside, context);
    case 'invalid_type':
      return got === undefined
        ? here('is required and missing')
        : here(`must be ${typeName(issue.expected)}, got ${kindText(got, gotText)}`);
    case 'invalid_value': {
      const all = issue.values.map(String);
      const allowed = context.choices?.(path, all) ?? all;
      if (got === undefined) return here(`is required and missing (${shortList(allowed)})`);
      return typeof got === 'string'
        ? here(
            laterValueMessage(path, got) ??
              `\`${shortened(got)}\` is not allowed${suggestion(got, allowed)}`,
          )
        : here(`must be one of ${shortList(allowed)}, got ${gotText}`);
    }
    case 'too_small':
    case 'too_big':
      return here(sizeMessage(issue, gotText));
    case 'invalid_format':
      return issue.message.startsWith('Invalid')
        ? here(formatMessage(issue.pattern, issue.format, gotText))
        : here(`${issue.message}, got ${gotText}`);
    case 'invalid_union':
      return got === undefined
        ? here('is required and missing')
        : here(`must be ${alternatives(issue.errors as Issue[][])}, got ${kindText(got, gotText)}`);
    case 'invalid_key':
      return here(
        formatMessage(patternOf(issue.issues), 'key', `\`${shortened(String(inside.at(-1)))}\``),
        'key',
      );
    case 'invalid_element':
      return issue.issues.flatMap((inner) => explain(inner, context));
    case 'not_multiple_of':
      return here(`must be a multiple of ${issue.divisor}, got ${gotText}`);
    case 'custom':
      return here(issue.message);
  }
}

/** Of a value that may not be shown, what kind of value it is. */
function kindText(got: unknown, shown: string): string {
  if (shown !== hidden) return shown;
  if (got === null || typeof got === 'boolean') return `\`${got}\``;
  if (Array.isArray(got)) return 'a list';
  return typeName(typeof got);
}

function typeName(expected: string): string {
  const names: Record<string, string> = {
    string: 'text',
    int: 'a whole number',
    number: 'a number',
    boolean: '`true` or `false`',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
    null: 'empty',
  };
  return names[expected] ?? expected;
}

function alternatives(branches: Issue[][]): string {
  const names = branches.flat().flatMap((issue) => {
    if (issue.code === 'invalid_union') return [alternatives(issue.errors as Issue[][])];
    if (issue.code === 'invalid_type' && issue.path.length === 0) {
      return issue.expected === 'null' ? [] : [typeName(issue.expected)];
    }
    return issue.code === 'invalid_value'
      ? issue.values.map((value) => `\`${String(value)}\``)
      : [];
  });
  return [...new Set(names)].join(' or ');
}

function sizeMessage(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  gotText: string,
): string {
  const small = issue.code === 'too_small';
  const limit = small ? issue.minimum : issue.maximum;
  if (issue.origin === 'number' || issue.origin === 'int') {
    const bound =
      issue.inclusive === false
        ? small
          ? 'more than'
          : 'less than'
        : small
          ? 'at least'
          : 'at most';
    return `must be ${bound} ${limit}, got ${gotText}`;
  }
  if (small && Number(limit) === 1) return 'must not be empty';
  const unit = issue.origin === 'string' ? 'characters' : 'entries';
  return `must have at ${small ? 'least' : 'most'} ${limit} ${unit}`;
}

function formatMessage(pattern: string | undefined, format: string, gotText: string): string {
  if (pattern === String(durationPattern)) {
    return `must be a duration such as 500ms, 30s, 5m or 2h, got ${gotText}`;
  }
  if (pattern === String(stepNamePattern)) {
    return `must be one line of text that does not begin with \`(beamline)\`, got ${gotText}`;
  }
  const name = /^\/\^\[A-Za-z_?\]\[(A-Za-z0-9_-?)\]\*\$\/$/.exec(pattern ?? '');
  if (name !== null) {
    const signs = name[1]?.endsWith('-') === true ? '`_` and `-`' : 'and `_`';
    return `must be a name: a letter first, then letters, digits, ${signs}; got ${gotText}`;
  }
  return `must match ${pattern ?? format}, got ${gotText}`;
}

function patternOf(issues: readonly Issue[]): string | undefined {
  const [first] = issues;
  return first?.code === 'invalid_format' ? first.pattern : undefined;
}
