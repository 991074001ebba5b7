import {
  isAlias,
  isMap,
  isScalar,
  visit,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { repeatedKeys } from './yaml-limits.js';
import { shortened } from '../values/values.js';

/** Values that plain data cannot hold exactly, tags that mean nothing here, values cut at a comma. */
export function unfitNodes(document: Document): [Node, string][] {
  const unfit: [Node, string][] = [];
  visit(document, {
    Node: (_key, node) => {
      if (isMap(node)) {
        for (const { key } of node.items) {
          // Libraries drop it, or take it for something else.
          if (!isScalar(key) || key.value !== '__proto__') continue;
          unfit.push([key, '`__proto__` cannot be a key; choose another name']);
        }
        for (const key of repeatedKeys(node.items)) {
          unfit.push([key, 'this key stands twice in the same mapping; keep one']);
        }
        if (node.flow === true) unfit.push(...keysAlone(node));
      }
      if (isScalar(node) && typeof node.value === 'number') {
        if (!Number.isFinite(node.value)) unfit.push([node, 'must be a finite number']);
        else if (isWhole(node.source) && !Number.isSafeInteger(node.value)) {
          unfit.push([node, 'a number this large would be rounded; write it in quotes']);
        }
      } else if (!isAlias(node) && node.tag !== undefined && !knownTag(node)) {
        unfit.push([node, `unknown tag ${node.tag}`]);
      }
    },
  });
  return unfit;
}

/** `{ query: select a, b from t }` is a mapping of two keys, the second without a value. */
function keysAlone({ items }: YAMLMap): [Node, string][] {
  return items
    .filter(({ key, value }) => value === null && isScalar(key))
    .map(({ key }) => {
      const text = shortened(String((key as Scalar).value), 200);
      const message = `\`${text}\` is a key without a value: in { … } a comma ends a value; put one that holds a comma in quotes`;
      return [key as Scalar, message];
    });
}

function isWhole(source: string | undefined): boolean {
  return /^[-+]?(\d+|0x[\da-f]+|0o[0-7]+)$/i.test(source ?? '');
}

function knownTag(node: Node): boolean {
  const known = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq|merge)$/;
  return known.test(('tag' in node ? node.tag : undefined) ?? '');
}
