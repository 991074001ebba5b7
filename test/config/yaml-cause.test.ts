import assert from 'node:assert/strict';
import { parseConfig } from '../../src/config/document/document.js';
import { ConfigProblems } from '../../src/config/document/problems.js';

/** A malformed text, where its first mistake is, and what that is. */
const texts: [text: string, where: string, says: string][] = [
  ['a: b\n c: d\n', '2:2', 'indented by 1 space, which fits no line above; indent it by 0'],
  ['s:\n  - n: a\n    m: b\n     p: {}\nt:\n', '4:6', 'indented by 5 spaces, .* by 0, 2 or 4'],
  ['s:\n  - n: a\n    p:\n      x: 1\n     y: 2\n', '5:6', 'indented by 5 spaces, .* 0, 2, 4 or 6'],
  ['s:\n  - n: a\n   m: b\n    p: c\n - n: b\n', '3:4', 'indented by 3 spaces, .* 0, 2 or 4'],
  ['s:\n- n: a\n  m: b\n - n: c\n   m: d\n', '4:2', 'indented by 1 space, .* 0 or 2'],
  ['s:\n  m: b\n\n    # text\n    p: c\n', '5:5', 'indented by 4 spaces, .* 0 or 2'],
  ['s:\n  - n: a\n\n t:\n  - n: b\n', '4:2', 'indented by 1 space, .* 0, 2 or 4'],
  ['s:\n  - q: |\n      x\n\n  # text\n\n t:\n', '7:2', 'indented by 1 space, .* 0, 2, 4 or 6'],
  ['a: b\n\n# text\n  c: d\n', '4:3', 'indented by 2 spaces, .* by 0'],
  ['s: |\n   text\n  more\n x: y\n', '3:3', 'indented by 2 spaces'],
  ['q: select 1 as x: y\nl: [1, 2\nt\n', '1:4', 'a value with `: ` in it must stand in quotes'],
  ['a: 1\nsources\n  - n: a\n', '2:1', 'neither `key: value` nor an entry of a list'],
  ['s:\n  - name:a\n    m: b\n', '2:5', 'a blank must follow the `:` behind a key'],
  ['s:\n  - q: "abc\n    m: b\n', '2:8', 'the quote that opens here is never closed'],
  ['s:\n\t- n: a\n\t  m: b\n', '2:1', 'a tab cannot indent YAML'],
  ['a: %x\nb: @y\n', '1:4', 'must stand in quotes'],
  ['a: {b: 1}}\n', '1:10', 'there is one `}` too many'],
  ['a: {b: 1\nc: 2\n', '2:1', 'a `{` above is not closed before this line: write its `}`'],
  ['a: b\n- c\n', '2:1', ''],
];

describe('one mistake in YAML', () => {
  for (const [text, where, says] of texts) {
    it(`is said once, where it is: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseConfig(text, { file: 'a.yaml', path: '/a.yaml' }),
        ({ problems }: ConfigProblems) => {
          const [{ line, column, message } = { line: 0, column: 0, message: '' }] = problems;
          assert.equal(problems.length, 1);
          assert.match(message, new RegExp(says));
          assert.equal(`${line}:${column}`, where, message);
          return true;
        },
      );
    });
  }
});
