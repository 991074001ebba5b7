import assert from 'node:assert/strict';
import { bad, hasColour } from '../../src/cli/terminal/colour.js';

describe('colour', () => {
  it('is there where standard output is a terminal, and NO_COLOR is not set', () => {
    assert.ok(hasColour({ isTTY: true }, { TERM: 'xterm', NO_COLOR: '' }));
    assert.ok(!hasColour({ isTTY: true }, { TERM: 'xterm', NO_COLOR: '1' }));
    assert.ok(!hasColour({ isTTY: true }, { TERM: 'dumb' }));
    assert.ok(!hasColour({ isTTY: false }, { TERM: 'xterm' }));
  });

  it('adds nothing to a text elsewhere', function () {
    if (hasColour()) this.skip();
    assert.equal(bad('failed'), 'failed');
  });
});
