import assert from 'node:assert/strict';
import { assert as holds, integer, property, stringMatching } from 'fast-check';
import { wrapped } from '../../src/cli/terminal/wrap.js';
import { widthOf } from '../../src/text/columns.js';

describe('a line that is wider than the terminal', () => {
  it('is broken at spaces, and loses no word', () => {
    const lines = wrapped('  one two three four', 14);
    assert.deepEqual(lines, ['  one two', '    three', '    four']);
  });

  it('goes on below its last column', () => {
    assert.deepEqual(wrapped('source    files     Reads CSV, JSON Lines or Parquet files.', 44), [
      'source    files     Reads CSV, JSON Lines',
      '                    or Parquet files.',
    ]);
  });

  it('keeps an address and a command that can be copied', () => {
    const url = `http://127.0.0.1:8233/namespaces/default/workflows/${'a'.repeat(40)}`;
    assert.deepEqual(wrapped(`  timeline  ${url}`, 60), [`  timeline  ${url}`]);
    const next = 'next      correct the SQL, then beamline run orders.yaml --again, or stop';
    assert.deepEqual(wrapped(next, 60), [
      'next      correct the SQL, then',
      '          beamline run orders.yaml --again, or stop',
    ]);
    assert.deepEqual(wrapped('next: beamline run orders.yaml --arg day=1 --profile a.json', 40), [
      'next: beamline run orders.yaml \\',
      '  --arg day=1 --profile a.json',
    ]);
  });

  it('gives a long word the whole width where it fits there', () => {
    const hash = 'ab'.repeat(32);
    assert.deepEqual(wrapped(`plan orders  orders.yaml  sha256 ${hash}`, 80), [
      'plan orders  orders.yaml  sha256',
      `  ${hash}`,
    ]);
  });

  it('keeps a mark below the place in it', () => {
    const text = `  select one,\n  a_long_name, b_long_name from t`;
    const under = (name: string): string =>
      `${text}\n${' '.repeat(2 + text.lastIndexOf(name) - text.indexOf('a_'))}^`;
    assert.deepEqual(wrapped(under('a_long'), 80).slice(1), [
      '  a_long_name, b_long_name from t',
      '  ^',
    ]);
    assert.deepEqual(wrapped(under('a_long'), 20).slice(1), [
      '  a_long_name,',
      '  ^',
      '    b_long_name',
      '    from t',
    ]);
    assert.deepEqual(wrapped(under('b_long'), 20).slice(1), [
      '  a_long_name,',
      '    b_long_name',
      '    ^',
      '    from t',
    ]);
  });

  it('is as wide without its colours', () => {
    assert.equal(widthOf('\u001B[31mfailed\u001B[39m'), 6);
  });

  it('keeps all its text, whatever the width', () => {
    holds(
      property(
        stringMatching(/^[a-z ,:-]{0,120}$/),
        integer({ min: 1, max: 130 }),
        (text, width) => {
          const lines = wrapped(text, width);
          assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''));
          for (const line of lines) {
            assert.ok(widthOf(line) < width || !/\S \S/.test(line.trim()) || width < 10, line);
          }
        },
      ),
    );
  });

  it('stays one line where there is no terminal', () => {
    const text = 'word '.repeat(100).trim();
    assert.deepEqual(wrapped(text, Infinity), [text]);
  });
});
