import { failure } from '../shared/failures.js';
import type { BroughtColumns, ColumnProblem, PublishRequest } from './destination.js';

/** Renames that a message shows at most. */
const mostRenames = 5;

/** The columns of a sink: what they are follows from its input. */
export const ofInput = ['input'] as const;

export const castAdvice = 'Cast in a transform: `module: select`, `cast`.';

/** What a publish is asked about. */
export function broughtBy(request: PublishRequest): BroughtColumns {
  const { staged, merge, onSchemaChange } = request;
  return { columns: staged.schema, merge, onSchemaChange };
}

/**
 * Refuses to publish what the destination cannot take.
 * @throws `ConfigError` if a parameter or a merge is at fault, else `DataError`; naming every problem
 */
export function assertTakes(problems: readonly ColumnProblem[], step: string): void {
  if (problems.length === 0) return;
  const isOfData = problems.every(({ at }) => at === ofInput);
  throw failure(
    isOfData ? 'DataError' : 'ConfigError',
    `${step} cannot be written: ${problems.map(({ what }) => what).join('; ')}. Nothing was written. ` +
      adviceFor(problems),
    { step },
  );
}

/** What to do about problems of one sink. */
export function adviceFor(problems: readonly ColumnProblem[]): string {
  const renames = problems.flatMap(({ remedy }) => ('rename' in remedy ? [remedy] : []));
  const others = problems.flatMap(({ remedy }) => ('advice' in remedy ? [remedy.advice] : []));
  return [...(renames.length === 0 ? [] : [renamed(renames)]), ...new Set(others)].join(' ');
}

/** Columns whose names are one to a destination that does not tell upper from lower case. */
export function equalButForCase(columns: readonly { name: string }[]): ColumnProblem[] {
  const seen = new Map<string, string>();
  return columns.flatMap(({ name }) => {
    const lower = name.toLowerCase();
    const same = seen.get(lower);
    seen.set(lower, name);
    if (same === undefined) return [];
    const what = `columns \`${same}\` and \`${name}\` differ only in upper and lower case`;
    return [{ at: ofInput, what, remedy: { rename: name, to: `${name}_2` } }];
  });
}

/** Columns by which a merge finds and orders rows, and which the run does not bring. */
export function missingForMerge({ columns, merge }: BroughtColumns): ColumnProblem[] {
  if (merge === null) return [];
  const brought = new Set(columns.map(({ name }) => name.toLowerCase()));
  const named = { merge_keys: merge.keys, merge_order: merge.order ?? [] };
  return Object.entries(named).flatMap(([key, names]) => {
    const missing = names.filter((name) => !brought.has(name.toLowerCase()));
    if (missing.length === 0) return [];
    const what = `\`${key}\` names ${listed(missing)}, which the run does not bring (${listed(columns.map(({ name }) => name))})`;
    const advice = 'Name columns that the run brings, or bring them.';
    return [{ at: [key], what, remedy: { advice } }];
  });
}

function renamed(renames: readonly { rename: string; to: string }[]): string {
  const pairs = renames.slice(0, mostRenames).map(({ rename, to }) => `${plain(rename)}: ${to}`);
  if (renames.length > mostRenames) pairs.push('…');
  return `Rename in a transform: \`module: select\`, \`rename: {${pairs.join(', ')}}\`.`;
}

/** As YAML takes it for a key. */
function plain(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}
