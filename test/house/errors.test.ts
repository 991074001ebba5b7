import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/modules/catalogue.js';

/** `error.name === 'JobNotFound'`, or a `case` of it: a class that is renamed would be missed without a word. */
const toldByName = /\b(?:error|cause|reason)\.name (?:===|!==) '|switch \((?:error|cause)\.name\)/;

describe('errors', () => {
  it('are told by their class or a field of theirs, not by their name', () => {
    const source = join(packageRoot, 'src');
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' });
    const found = files
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => toldByName.test(readFileSync(join(source, file), 'utf8')));
    assert.deepEqual(found, []);
    assert.match("if (error.name === 'JobNotFound') return null;", toldByName);
  });
});
