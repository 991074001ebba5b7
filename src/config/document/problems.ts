import type { ConfigPath } from '../values/config-path.js';
import { shortened } from '../values/values.js';
import { counted } from '../../shared/counts.js';

/** One thing that is wrong with a config, and where. */
export interface Problem {
  /** The file, as the person named it. */
  file: string;
  /** 1-based; 0 where the problem is the file as a whole. */
  line: number;
  /** 1-based, in characters; 0 where the problem is the file as a whole. */
  column: number;
  /** `sources[0].parameters.query`; empty for the document itself. */
  path: string;
  /** What was got, what is allowed, what to do. Never shows a secret. */
  message: string;
}

/** Thrown when a config cannot be used; carries every problem at once, in the order of the file. */
export class ConfigProblems extends Error {
  override readonly name = 'ConfigProblems';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = sortProblems(problems);
    super(formatProblems(sorted));
    this.problems = sorted;
  }
}

/** So many problems are printed: who mends them sees the others then. */
const mostShown = 100;

/** The problems as lines `file:line:column  path  message`, paths aligned; of very many, the first. */
export function formatProblems(problems: readonly Problem[]): string {
  const rows = problems
    .slice(0, mostShown)
    .map((problem) => [whereOf(problem), problem.path, problem.message] as const);
  const width = (column: 0 | 1): number =>
    Math.min(60, Math.max(...rows.map((row) => row[column].length)));
  const [files, paths] = [width(0), width(1)];
  const lines = rows.map(([where, path, message]) =>
    [where.padEnd(files), ...(paths > 0 ? [path.padEnd(paths)] : []), message].join('  '),
  );
  const rest = problems.length - rows.length;
  if (rest > 0) lines.push(`and ${counted(rest, 'more problem')}`);
  return lines.join('\n');
}

/** In the order of the file; equal problems once. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const unique = new Map(problems.map((problem) => [JSON.stringify(problem), problem]));
  return [...unique.values()].toSorted(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
  );
}

/** A problem at its place in a config, or in a pinned plan whose config is not at hand. */
export function problemAt(
  loaded: { problem(path: ConfigPath, message: string): Problem } | null,
  path: ConfigPath,
  message: string,
): Problem {
  if (loaded !== null) return loaded.problem(path, message);
  return { file: 'the pinned plan', line: 0, column: 0, path: formatPath(path), message };
}

/** `sources[0].parameters.query`. Keys that are not plain words are quoted: `types["my col"]`. */
export function formatPath(path: ConfigPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = shortened(part);
    if (!/^[\w-]+$/.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

function whereOf({ file, line, column }: Problem): string {
  return line === 0 ? file : `${file}:${line}:${column}`;
}
