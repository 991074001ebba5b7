import assert from 'node:assert/strict';
import { shellCommand, typedPath, shellWord } from '../../src/cli/terminal/shell-command.js';

describe('hints that a person can paste', () => {
  it('name the script of a clone as it was called, else the program', () => {
    const path = '/usr/bin:/opt/bin';
    const as = (called: string) => shellCommand('list', { PATH: path, BEAMLINE_COMMAND: called });
    assert.equal(shellCommand('list', { PATH: path }), 'beamline list');
    assert.equal(as('./beamline'), './beamline list');
    assert.equal(as('../my clone/beamline'), "'../my clone/beamline' list");
    assert.equal(as('/opt/bin/beamline'), 'beamline list');
  });

  it('quote what a shell would take apart', () => {
    assert.equal(shellWord('day=2026-01-01'), 'day=2026-01-01');
    assert.equal(shellWord("it's $5"), `'it'\\''s $5'`);
    assert.equal(shellWord(''), "''");
  });

  it('show paths of this folder as one would type them', () => {
    assert.equal(typedPath(`${process.cwd()}/a b/c.yaml`), 'a b/c.yaml');
    assert.equal(typedPath('/elsewhere/c.yaml'), '/elsewhere/c.yaml');
  });
});
