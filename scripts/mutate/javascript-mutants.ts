import { SourceMap, type SourceMapPayload } from 'node:module';
import { parse, type AnyNode, type ExpressionStatement } from 'acorn';
import { full } from 'acorn-walk';
import { otherOperators, type Mutant } from './mutant.js';

/**
 * Every mutant of a compiled module. Compiled, so that none has to be compiled again; its lines are those
 * of the TypeScript file, by the source map.
 */
export function javascriptMutants(code: string, sourceMap: string): Mutant[] {
  const map = new SourceMap(JSON.parse(sourceMap) as SourceMapPayload);
  const found = new Map<string, Mutant>();
  const tree = parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true });
  full(tree, (node) => {
    for (const [start, end, replacement] of changesOf(node, code)) {
      const before = code.slice(0, start).split('\n');
      const entry = map.findEntry(before.length - 1, before.at(-1)?.length ?? 0);
      const line = 'originalLine' in entry ? entry.originalLine + 1 : 0;
      const mutant = { line, start, end, replacement, was: code.slice(start, end) };
      found.set(`${start} ${end} ${replacement}`, mutant);
    }
  });
  return [...found.values()].toSorted((a, b) => a.start - b.start);
}

type Change = [start: number, end: number, replacement: string];

function changesOf(node: AnyNode, code: string): Change[] {
  if (node.type === 'IfStatement' || node.type === 'ConditionalExpression') {
    const { start, end } = node.test;
    return ['true', 'false'].map((value) => [start, end, value]);
  }
  if (node.type === 'BinaryExpression' || node.type === 'LogicalExpression') {
    const from = node.left.end;
    const at = from + code.slice(from, node.right.start).indexOf(node.operator);
    const others = otherOperators[node.operator] ?? [];
    return others.map((other) => [at, at + node.operator.length, other]);
  }
  if (node.type === 'UnaryExpression' && node.operator === '!') {
    return [[node.start, node.start + 1, '']];
  }
  if (node.type === 'Literal') {
    const { value, start, end } = node;
    if (typeof value === 'boolean') return [[start, end, String(!value)]];
    return typeof value === 'number' ? [[start, end, String(value + 1)]] : [];
  }
  if (
    node.type === 'ThrowStatement' ||
    (node.type === 'ExpressionStatement' && isEffect(node, code))
  ) {
    return [[node.start, node.end, ';']];
  }
  return [];
}

/** A fault point does nothing outside of tests. */
function isEffect({ expression, start, end }: ExpressionStatement, code: string): boolean {
  const { type } = expression.type === 'AwaitExpression' ? expression.argument : expression;
  if (code.slice(start, end).includes('faultPoint(')) return false;
  return type === 'CallExpression' || type === 'AssignmentExpression';
}
