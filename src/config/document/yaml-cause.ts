import type { Document } from 'yaml';
import { tooDeep } from './yaml-limits.js';

type YamlError = Document['errors'][number];

/** What is wrong with a text, and where. */
export interface YamlCause {
  offset: number;
  message: string;
}

/**
 * The first mistake of a malformed text, as a person would name it. The parser says several things of
 * one line, and goes on behind it with what it made of that: only its first word counts.
 * @param openQuote where the quote of the error begins
 */
export function yamlCauseOf(
  errors: readonly YamlError[],
  text: string,
  openQuote: (error: YamlError) => number,
): YamlCause | undefined {
  const [error] = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  if (error === undefined) return undefined;
  const { message, pos } = error;
  const code: string = error.code;
  const [offset] = pos;
  const here = (what: string): YamlCause => ({ offset, message: `malformed YAML: ${what}` });
  const only = (what: string): YamlCause => ({ offset, message: what });
  if (/^Missing closing ["']quote/.test(message)) {
    const what = 'malformed YAML: the quote that opens here is never closed';
    return { offset: openQuote(error), message: what };
  }
  switch (code) {
    case 'TAB_AS_INDENT':
      return only('a tab cannot indent YAML; use spaces');
    case 'MULTIPLE_DOCS':
      return only('a second YAML document starts here; a config is one document');
    case 'NON_STRING_KEY':
      return only('a key must be text');
    case 'RESOURCE_EXHAUSTION':
      return only(tooDeep);
    case 'BLOCK_AS_IMPLICIT_KEY':
      return ofNested(text, offset);
    case 'BAD_SCALAR_START':
      return here('a value that begins so must stand in quotes');
    case 'MULTILINE_IMPLICIT_KEY':
      return here(
        /:\S/.test(lineAt(text, offset).text)
          ? 'a blank must follow the `:` behind a key'
          : 'this is neither `key: value` nor an entry of a list (`- …`); is a `:` or a quote missing?',
      );
    default:
      if (message.startsWith('Maximum call stack')) return only(tooDeep);
      if (isOfIndentation(message)) return ofIndentation(text, offset);
      return here(plain(message));
  }
}

/** In words of what is written, not of YAML's grammar. */
function plain(message: string): string {
  const open = /^Flow (map|sequence) in block collection|and end with a ([\]}])/.exec(message);
  if (open !== null) {
    const [start, end] = /map/.test(open[0]) ? ['{', '}'] : ['[', ']'];
    return `a \`${start}\` above is not closed before this line: write its \`${end}\``;
  }
  const extra = /^Unexpected flow-(?:map|seq)-end token.*"([\]}])"/.exec(message)?.[1];
  if (extra !== undefined) return `there is one \`${extra}\` too many`;
  return message.split('\n')[0] ?? message;
}

function isOfIndentation(message: string): boolean {
  return /^(All (mapping|sequence) items must start|Sequence item without|A block sequence may not)/.test(
    message,
  );
}

/** A second `: ` in a value; else the next line stands deeper than the key whose value it seems to go on. */
function ofNested(text: string, offset: number): YamlCause {
  const line = lineAt(text, offset);
  if (/: |:$/.test(text.slice(offset, line.end).trimEnd())) {
    return { offset, message: 'malformed YAML: a value with `: ` in it must stand in quotes' };
  }
  const next = nextLine(text, line.end);
  return next === undefined
    ? { offset, message: 'malformed YAML: a value stands where a key must' }
    : ofIndentation(text, next);
}

/** A line that begins where no line above lets it; the parser may point to the empty one before it. */
function ofIndentation(text: string, offset: number): YamlCause {
  const pointed = lineAt(text, offset);
  const isEmpty = /^\s*(#|$)/.test(pointed.text);
  const line = isEmpty ? lineAt(text, nextLine(text, pointed.end) ?? offset) : pointed;
  const indent = indentOf(line.text);
  const levels = openLevels(text.slice(0, line.start).split('\n'));
  const begin = line.start + indent;
  if (levels.includes(indent)) {
    return {
      offset: begin,
      message: 'malformed YAML: a key and an entry of a list stand side by side',
    };
  }
  const allowed = levels.map(String);
  const words = [allowed.slice(0, -1).join(', '), allowed.at(-1)].filter(Boolean).join(' or ');
  const spaces = indent === 1 ? '1 space' : `${indent} spaces`;
  const what = `malformed YAML: this line is indented by ${spaces}, which fits no line above`;
  return { offset: begin, message: `${what}; indent it by ${words}` };
}

/** Where a key or an entry may begin that follows these lines, innermost last. */
function openLevels(lines: readonly string[]): number[] {
  const levels = new Set<number>([0]);
  let least = Infinity;
  for (const line of lines.toReversed()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const indent = indentOf(line);
    if (indent >= least) continue;
    levels.add(indent);
    // In a list also where the keys of its entry begin.
    const entry = /^ *(- +)+(?=[^\s-][^:]*:)/.exec(line)?.[0].length;
    if (entry !== undefined && entry < least) levels.add(entry);
    least = indent;
  }
  return [...levels].toSorted((a, b) => a - b);
}

function indentOf(line: string): number {
  return /^ */.exec(line)?.[0].length ?? 0;
}

function lineAt(text: string, offset: number): { start: number; end: number; text: string } {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const found = text.indexOf('\n', offset);
  const end = found === -1 ? text.length : found;
  return { start, end, text: text.slice(start, end) };
}

/** Where the next line begins that is neither empty nor a comment. */
function nextLine(text: string, end: number): number | undefined {
  const found = /\n(?=[^\S\n]*[^\s#])/.exec(text.slice(end));
  return found === null ? undefined : end + found.index + 1;
}
