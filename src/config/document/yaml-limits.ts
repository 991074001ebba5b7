import { isAlias, isMap, isPair, isScalar, isSeq, Lexer, type Node, type Scalar } from 'yaml';
import { number } from '../../shared/counts.js';

/** A config holds at most so many values, aliases unfolded: keys, texts, numbers, lists, mappings. */
export const mostValues = 100_000;
/** Its lists and mappings stand in one another at most so deep. */
export const mostDepth = 100;
/** What the parser is given at most: each value takes some of them. */
const mostTokens = 1_000_000;

export const tooDeep = 'is nested too deeply';
export const tooMany = `holds more than ${number(mostValues)} values; data goes into a file that a source reads`;

/** Why a text is too much for the parser, which takes a hundred bytes and more for each token. */
export function tooMuch(text: string): string | undefined {
  let [count, depth] = [0, 0];
  for (const token of new Lexer().lex(text)) {
    if (++count > mostTokens) return tooMany;
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    if (depth > mostDepth) return tooDeep;
  }
  return undefined;
}

/** How much a document is once its aliases are unfolded. */
export interface Measure {
  values: number;
  depth: number;
  /** Whether aliases are merged into mappings (`<<`), which takes time before it takes memory. */
  merges: boolean;
}

/** Measures a document without unfolding it. An alias inside its own anchor counts for nothing. */
export function measure(contents: unknown): Measure {
  const anchors = new Map<string, { values: number; depth: number }>();
  let merges = false;
  const all = (nodes: Iterable<unknown>): { values: number; depth: number } => {
    let [values, depth] = [1, 0];
    for (const node of nodes) {
      const inner = walk(node);
      values += inner.values;
      depth = Math.max(depth, inner.depth);
    }
    return { values, depth: depth + 1 };
  };
  const walk = (node: unknown): { values: number; depth: number } => {
    if (isAlias(node)) return anchors.get(node.source) ?? { values: 1, depth: 1 };
    let size = { values: 1, depth: 1 };
    if (isPair(node)) {
      merges ||= isScalar(node.key) && isMergeKey(node.key);
      const [key, value] = [walk(node.key), walk(node.value)];
      return { values: key.values + value.values, depth: Math.max(key.depth, value.depth) };
    }
    if (isMap(node)) size = all(node.items);
    else if (isSeq(node)) size = all(node.items);
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor !== undefined) anchors.set(anchor, size);
    return size;
  };
  return { ...walk(contents), merges };
}

/** Keys that stand in a mapping before: found here, since the parser compares each key with each. */
export function repeatedKeys(items: readonly { key: unknown }[]): Node[] {
  const seen = new Set<unknown>();
  return items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    if (seen.has(key.value)) return [key as Node];
    seen.add(key.value);
    return [];
  });
}

function isMergeKey(key: Scalar): boolean {
  return key.value === '<<' || typeof key.value === 'symbol';
}
