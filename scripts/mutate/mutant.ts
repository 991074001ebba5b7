/** One small change of a program that a test should notice. */
export interface Mutant {
  /** Line of the source that a person reads, from 1. */
  line: number;
  /** Offsets into the text that is changed, and what takes its place. */
  start: number;
  end: number;
  replacement: string;
  /** What was there. */
  was: string;
}

/** The text with the mutant's change. */
export function applied(text: string, { start, end, replacement }: Mutant): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** `12: a < b → a <= b`, on one line. */
export function described({ line, was, replacement }: Mutant): string {
  return `${line}: ${short(was)} → ${short(replacement)}`;
}

function short(text: string): string {
  const folded = text.replaceAll(/\s+/g, ' ');
  return folded.length > 60 ? `${folded.slice(0, 57)}…` : folded;
}

/** Others for an operator: one that differs at the edge, one that says the opposite. */
export const otherOperators: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '==': ['!='],
  '!=': ['=='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '&&': ['||'],
  '||': ['&&'],
};
