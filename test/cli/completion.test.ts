import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { completionsOf } from '../../src/cli/completion/cases.js';
import { fishCompletion } from '../../src/cli/completion/fish.js';
import { bashCompletion, zshCompletion } from '../../src/cli/completion/posix.js';
import { createProgram } from '../../src/cli/program.js';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { temporaryFolder } from '../config/support.js';
import { blocksOf } from '../support/page.js';

const completed = completionsOf(createProgram());

/** What bash offers for the last of these words, as it takes them apart; `<files>` where it is left to complete files. */
function offered(...words: string[]): string[] {
  const drive = `
compopt() { printf '<files>\\n'; }
COMP_WORDS=("$0" "$@") COMP_CWORD=$#
_beamline
((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const script = `${bashCompletion(completed)}\n${drive}`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-uc', script, ...words], {
    encoding: 'utf8',
  });
  assert.deepEqual([stderr, status], ['', 0], words.join(' '));
  return stdout.split('\n').slice(0, -1);
}

/** What fish offers at the end of a line. */
function offeredByFish(line: string): string[] {
  const input = `${fishCompletion(completed)}\ncomplete -C ${JSON.stringify(line)}`;
  const { stdout } = spawnSync('fish', ['--no-config', '-c', input], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((each) => each.split('\t')[0] ?? '')
    .toSorted();
}

describe('beamline completion', () => {
  const folder = temporaryFolder();
  beforeEach(() => {
    const main = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
    const script = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`;
    chmodSync(folder.write('beamline', script), 0o755);
  });

  it('bash: offers commands, and those below them', () => {
    assert.deepEqual(offered('beamline', 're'), ['receipt', 'rerun']);
    assert.ok(offered('beamline', '').includes('validate'));
    assert.deepEqual(offered('./beamline', 'schedule', 'p'), ['plan', 'pause']);
    assert.deepEqual(offered('beamline', '--root', 'run', 'em'), ['emulator']);
    assert.deepEqual(offered('beamline', '--json', 'emulator', 'big'), ['bigquery']);
  });

  it('bash: offers the options of a command, and those of every command', () => {
    assert.deepEqual(offered('beamline', 'run', '--de'), ['--detach']);
    assert.deepEqual(offered('beamline', 'run', 'run', '--num'), ['--num-workers']);
    assert.deepEqual(offered('beamline', 'schedule', 'plan', '--ro'), ['--root']);
    assert.deepEqual(offered('beamline', 'run', '--no-e').length, 1);
    assert.deepEqual(offered('beamline', 'list', '--detach'), []);
    assert.deepEqual(
      offered('beamline', '--ver'),
      ['--version', '--verbose'].toSorted().toReversed(),
    );
  });

  it('bash: offers the choices of an option and of an argument, however it is written', () => {
    const choices = ['local', 'dataflow'];
    assert.deepEqual(offered('beamline', 'run', '--runner', ''), choices);
    assert.deepEqual(offered('beamline', 'run', 'a.yaml', '--runner', '=', 'd'), ['dataflow']);
    assert.deepEqual(offered('beamline', 'run', '--runner', '='), choices);
    assert.deepEqual(offered('beamline', 'run', '--runner', 'local', '--wa'), ['--wait']);
    assert.deepEqual(offered('beamline', 'schedule', 'backfill', 'x', '--overlap', 'buf'), [
      'buffer_one',
      'buffer_all',
    ]);
    assert.deepEqual(offered('beamline', 'completion', ''), ['bash', 'zsh', 'fish']);
    assert.deepEqual(offered('beamline', 'validate', '--format', 'j'), ['json', 'junit']);
  });

  it('bash: leaves files to the shell, and offers nothing where it knows nothing', () => {
    for (const words of [
      ['run'],
      ['run', '--profile'],
      ['schedule', 'plan'],
      ['--root'],
      ['validate', 'a.yaml'],
    ]) {
      assert.deepEqual(offered('beamline', ...words, ''), ['<files>'], words.join(' '));
    }
    assert.deepEqual(offered('beamline', 'status', ''), []);
    assert.deepEqual(offered('beamline', 'list', '--limit', ''), []);
  });

  it('bash: is found by a shell that evaluates it', () => {
    const { stdout } = spawnSync(
      'bash',
      ['-c', `${bashCompletion(completed)}\ncomplete -p beamline`],
      { encoding: 'utf8' },
    );
    assert.equal(stdout, 'complete -F _beamline beamline\n');
  });

  const lines = blocksOf('docs/cli.md')
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.trimEnd().split('\n'));
  for (const [shell, script] of [
    ['bash', (line: string) => `${line}\ncomplete -p beamline`],
    [
      'zsh',
      (line: string) => `autoload -U compinit; compinit -u -D; ${line}\necho $_comps[beamline]`,
    ],
    [
      'fish',
      (line: string) => `mkdir -p ~/.config/fish/completions; ${line}\ncomplete -C 'beamline '`,
    ],
  ] as const) {
    it(`${shell}: knows it after the line of docs/cli.md`, function () {
      if (spawnSync(shell, ['-c', 'true']).error !== undefined) this.skip();
      const line = lines.find((each) => each.includes(` ${shell}`)) ?? '';
      const { stdout, stderr } = spawnSync(shell, ['-c', script(line)], {
        encoding: 'utf8',
        env: {
          ...process.env,
          HOME: folder.path,
          XDG_CONFIG_HOME: join(folder.path, '.config'),
          PATH: `${folder.path}:${process.env['PATH']}`,
        },
      });
      assert.match(stdout, /_beamline|connections/, stderr);
    });
  }

  it('has every option of every command', () => {
    const scripts = [bashCompletion, zshCompletion, fishCompletion].map((script) =>
      script(completed),
    );
    for (const { at, options } of completed) {
      for (const { flag } of options) {
        const [bash, zsh, fish] = scripts;
        assert.ok(bash?.includes(flag) === true && zsh?.includes(flag) === true, `${at} ${flag}`);
        assert.ok(fish?.includes(`-l ${flag.slice(2)} `), `${at} ${flag}`);
      }
    }
  });

  for (const [shell, script] of [
    ['zsh', zshCompletion],
    ['fish', fishCompletion],
  ] as const) {
    it(`${shell}: is a script of that shell`, function () {
      if (spawnSync(shell, ['-c', 'true']).error !== undefined) this.skip();
      const { stderr, status } = spawnSync(shell, ['-n', '-c', script(completed)], {
        encoding: 'utf8',
      });
      assert.deepEqual([stderr, status], ['', 0]);
    });
  }

  it('fish: offers the same', function () {
    if (spawnSync('fish', ['-c', 'true']).error !== undefined) this.skip();
    assert.deepEqual(offeredByFish('beamline re'), ['receipt', 'rerun']);
    assert.deepEqual(offeredByFish('beamline schedule pa'), ['pause']);
    assert.deepEqual(offeredByFish('beamline run --runner '), ['dataflow', 'local']);
    assert.deepEqual(offeredByFish('beamline schedule plan --task'), ['--task-queue']);
    assert.deepEqual(offeredByFish('beamline completion '), ['bash', 'fish', 'zsh']);
  });
});
