import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { adviceOf } from '../../src/cli/lines/advice.js';
import { explanationOf } from '../../src/cli/lines/failure-lines.js';
import { optionWords } from '../../src/cli/options/option-words.js';
import { runOptions } from '../../src/cli/options/run-options.js';
import { startedWith } from '../../src/cli/options/run-words.js';
import { commandOf, nameRootInHints } from '../../src/cli/terminal/shell-command.js';
import { RunFailed, type Receipt } from '../../src/client/index.js';
import { launchFields } from '../../src/config/envelope/launch-fields.js';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { failureTypes } from '../../src/shared/failures.js';
import type { RunPipelineInput } from '../../src/shared/run/run-input.js';
import { temporaryFolder } from '../config/support.js';
import { receipt as receiptOfFailure } from '../support/receipt.js';
import { beamline } from './beamline.js';
import { commandsIn, parsed, wordsOf } from './command-lines.js';

/** A command line that gives every option of `run` that go together, with values that a shell would take apart. */
const everyOption = [
  '--arg',
  'month=5',
  '--arg',
  'text=it\'s $5 `x` "y"',
  '--arg',
  'empty=',
  '--profile',
  'my profiles.json',
  '--runner',
  'dataflow',
  '--detach',
  '--window',
  '2026-01-01T00:00:00..2026-02-01',
  '--again',
  '--task-queue',
  'nightly runs',
  '--allow-plaintext-profile',
  ...launchFields.flatMap(({ flag, kind, example }) => {
    switch (kind.type) {
      case 'flag':
        return [flag.replace(/^--/, '--no-')];
      case 'choice':
        return [flag, kind.values[0]];
      case 'count':
        return [flag, String(kind.minimum)];
      case 'texts':
        return [flag, 'a b', flag, 'c'];
      case 'labels':
      case 'options':
        return [flag, 'team=a b', flag, 'x=1=2'];
      case 'text':
      case 'duration':
        return [flag, example];
    }
  }),
];

const receipt: Receipt = {
  ...receiptOfFailure,
  config: 'my configs/orders.yaml',
  runner: 'local',
};

/** What a run that failed so is told to type next. */
function nextOf(type: string, receipt: Receipt): string {
  const { run_key: runKey } = receipt;
  const failed = new RunFailed({ runKey, outcome: 'failed', type, message: '', receipt });
  return explanationOf(failed).next;
}

describe('every command that is printed', () => {
  afterEach(() => nameRootInHints(undefined));

  it('is read as what it was made of, whatever option and whatever value', async () => {
    const first = await parsed(['beamline', 'run', 'a b.yaml', ...everyOption]);
    const known = runOptions().filter(({ long }) => long !== '--wait');
    const names = new Set(known.map((option) => option.attributeName()));
    const aliases = launchFields.flatMap(({ alias }) => (alias === undefined ? [] : [alias]));
    for (const option of known) {
      if (aliases.includes(option.long ?? '')) names.delete(option.attributeName());
    }
    assert.deepEqual(new Set(Object.keys(first.options)), names, 'every option is tried');
    const line = commandOf('run', 'a b.yaml', ...optionWords(runOptions(), first.options));
    assert.deepEqual(await parsed(wordsOf(line)), first);
  });

  it('names the project root where it was typed', async () => {
    nameRootInHints('../my project');
    assert.deepEqual(wordsOf(commandOf('status', 'latest')), [
      'beamline',
      '--root',
      '../my project',
      'status',
      'latest',
    ]);
  });

  it('of a failure has what its run was started with, whatever the failure', async () => {
    const input: RunPipelineInput = {
      config: 'my configs/orders.yaml',
      profile: 'my profiles.json',
      runner: 'dataflow',
      args: { month: '5', name: "it's" },
      window: { start: '2026-01-01' },
      allowPlaintextProfile: true,
      launch: { numWorkers: 3, labels: { team: 'a' } } as NonNullable<RunPipelineInput['launch']>,
    };
    const given = { ...receipt, input, task_queue: 'nightly' };
    const expected = {
      arg: { month: '5', name: "it's" },
      profile: 'my profiles.json',
      runner: 'dataflow',
      window: { start: '2026-01-01' },
      allowPlaintextProfile: true,
      taskQueue: 'nightly',
      numWorkers: 3,
    };
    const seen = new Set<string>();
    for (const type of [...Object.keys(failureTypes), 'DeadlineExceeded', 'Terminated']) {
      const { next } = adviceOf(type, {
        runKey: 'q4kx7mw2ta',
        started: startedWith(given, undefined),
      });
      const commands = commandsIn(next);
      assert.ok(commands.length > 0, next);
      for (const line of commands) {
        const { command, args, options } = await parsed(wordsOf(line));
        seen.add(command);
        if (command === 'run') {
          assert.deepEqual(args, ['my configs/orders.yaml']);
          for (const [name, value] of Object.entries(expected)) {
            assert.deepEqual(options[name], value, `${type}: ${name}`);
          }
        } else if (command === 'validate') {
          assert.deepEqual(options, { arg: expected.arg, profile: expected.profile });
        } else if (command === 'test') {
          assert.deepEqual(options, { config: input.config, profile: expected.profile });
        } else assert.deepEqual(args, ['q4kx7mw2ta'], `${type}: ${line}`);
      }
    }
    assert.deepEqual([...seen].toSorted(), ['explain', 'logs', 'rerun', 'run', 'test', 'validate']);
  });

  it('is safe: a run that appended a part is offered what appends nothing twice', () => {
    const sink = {
      name: 'a',
      module: 'duckdb',
      mode: 'append',
      destination: 'd',
      rows: 1,
      bytes: 1,
      state: 'published' as const,
    };
    const left = {
      staged: { manifestUri: 'gs://b/m', manifestSha256: '', attempt: 1 },
      sinks: ['b'],
    };
    const part: Receipt = {
      ...receipt,
      finished_at: new Date().toISOString(),
      input: { config: 'orders.yaml', again: true },
      sinks: [sink, { ...sink, name: 'b', state: 'unpublished' }],
      left,
    };
    for (const type of [...Object.keys(failureTypes), 'DeadlineExceeded']) {
      for (const line of commandsIn(nextOf(type, part))) {
        assert.doesNotMatch(line, /^beamline (run|validate) /, `${type}: ${line}`);
      }
    }
    const all = { ...part, sinks: [{ ...sink, state: 'uncertain' as const }] };
    const { left: _none, ...whole } = all;
    assert.doesNotMatch(nextOf('SqlError', whole), /--again/);
    assert.equal(
      nextOf('NewerCommitted', part),
      'if the rows are missing there, beamline rerun q4kx7mw2ta --over-newer',
    );
    const earlier = { type: 'NewerCommitted', message: '', earlier_run: 'abcdefghij' };
    assert.match(
      nextOf('NewerCommitted', { ...receipt, failure: earlier }),
      /beamline rerun abcdefghij --over-newer$/,
    );
    assert.equal(
      nextOf('WindowCommitted', part),
      'if they shall be published all the same, beamline rerun q4kx7mw2ta --again',
    );
    const completing = { ...part, input: { config: 'orders.yaml', complete: true } };
    assert.match(nextOf('WindowCommitted', completing), /rerun q4kx7mw2ta --over-newer$/);
  });
});

describe('what `beamline plan` says to run', () => {
  const folder = temporaryFolder();

  it('runs as it stands: with its arguments, profiles and root, from where it was typed', () => {
    folder.write(
      'orders.yaml',
      `name: orders
args: { month: { type: integer }, name: { type: string } }
sources:
  - name: orders
    module: postgres
    parameters: { profile: shop, query: "select 1 as month where 1 = \${args.month} and '\${args.name}' <> ''" }
sinks:
  - { name: warehouse, module: duckdb, input: orders, parameters: { database: w.duckdb, table: t } }
`,
    );
    const shop = { host: 'db', database: 'shop', user: 'etl', password: '${env:CANARY}' };
    folder.write('my profiles.json', JSON.stringify({ shop: { type: 'postgres', ...shop } }));
    mkdirSync(join(folder.path, 'sub'));
    mkdirSync(join(folder.path, 'bin'));
    const main = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
    const script = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`;
    writeFileSync(join(folder.path, 'bin', 'beamline'), script, { mode: 0o755 });
    const from = join(folder.path, 'sub');
    const typed = [
      '--root',
      '..',
      'plan',
      '--offline',
      '../orders.yaml',
      '--profile',
      '../my profiles.json',
    ];
    const { stdout, stderr } = beamline(from, ...typed, '--arg', 'month=5', '--arg', "name=it's");
    const line = /Run it with: (.*)$/m.exec(stdout)?.[1];
    assert.ok(line, stdout + stderr);
    const ran = spawnSync('sh', ['-c', line], {
      cwd: from,
      encoding: 'utf8',
      env: {
        ...process.env,
        PATH: `${join(folder.path, 'bin')}:${process.env['PATH']}`,
        TEMPORAL_ADDRESS: '127.0.0.1:1',
      },
    });
    // Whatever is missing or wrong would be said before anybody is asked.
    assert.match(ran.stderr, /cannot reach Temporal at 127\.0\.0\.1:1/);
    assert.equal(ran.status, 3);
    const hint = /Start the local stack with (.*), or/.exec(ran.stderr)?.[1];
    assert.deepEqual(wordsOf(hint ?? ''), ['beamline', '--root', '..', 'dev']);
  });
});
