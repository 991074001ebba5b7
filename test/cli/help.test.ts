import assert from 'node:assert/strict';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.js';
import { launchHeading } from '../../src/cli/options/launch-options.js';
import { acting, parsed, wordsOf } from './command-lines.js';
import { beamline } from './beamline.js';

/** What `--help` of a command prints. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

describe('--help', () => {
  for (const command of acting(createProgram())) {
    const names = [command, command.parent].map((each) => each?.name() ?? '');
    const name = names
      .toReversed()
      .join(' ')
      .replace(/^beamline /, '');
    it(`of ${name} ends with examples that are command lines of it`, async () => {
      const [, examples] = helpOf(command).split('\nExamples:\n');
      const lines = examples?.trimEnd().split('\n') ?? [];
      assert.ok(lines.length > 0);
      for (const line of lines) {
        assert.match(line, new RegExp(`^  beamline ${name}\\b`));
        assert.equal((await parsed(wordsOf(line.trim()))).command, command.name(), line);
      }
    });
  }

  it('is what an unknown option of a command leads to', () => {
    for (const words of [['plan'], ['connections', 'test'], ['schedule', 'apply']]) {
      const { status, stderr } = beamline('.', ...words, '--nonsense');
      assert.equal(status, 2);
      assert.match(stderr, new RegExp(`\\(.*beamline ${words.join(' ')} --help lists its `));
    }
    assert.match(beamline('.', 'plann').stderr, /beamline --help lists the commands/);
  });

  it('of run says what belongs together, and the options of every command', () => {
    const headings = [
      'What to read and publish:',
      'Where it runs:',
      'Whether to wait:',
      launchHeading,
    ];
    const { stdout } = beamline('.', 'run', '--help');
    const places = [...headings, 'Global Options:', 'Examples:'].map((heading) =>
      stdout.indexOf(`\n${heading}\n`),
    );
    assert.ok(!places.includes(-1), stdout);
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
  });
});

describe('beamline --version', () => {
  it('prints what `beamline version` says', () => {
    const { stdout, status } = beamline('.', '--version');
    const { beamline: version } = JSON.parse(beamline('.', 'version', '--json').stdout) as {
      beamline: string;
    };
    assert.deepEqual([stdout, status], [`${version}\n`, 0]);
  });
});
