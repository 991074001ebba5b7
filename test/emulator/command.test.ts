import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../src/dev/services/tools.js';
import { temporaryFolder } from './support.js';
import { until } from '../support/until.js';

const cli = join(packageRoot, 'dist', 'src', 'cli', 'main.js');

describe('beamline emulator', () => {
  const folder = temporaryFolder();
  after(() => folder.remove());

  it('says how clients find it, and stops when it is told to', async () => {
    const child = execa(process.execPath, [cli, 'emulator', '--root', folder.path], {
      reject: false,
    });
    let printed = '';
    child.stdout.on('data', (part: Buffer) => (printed += part.toString()));
    await until(() => printed.includes('Ctrl-C'));
    const [, http] = /DATAFLOW_EMULATOR_CONSOLE=(\S+)/.exec(printed) ?? [];
    assert.equal((await fetch(`${http}/`)).status, 200);
    child.kill('SIGTERM');
    const { exitCode, stderr } = await child;
    assert.equal(exitCode, 0);
    assert.match(stderr, /jobs that run go on/);
  });

  it('runs one of BigQuery, too', async () => {
    const child = execa(
      process.execPath,
      [
        cli,
        '--json',
        '--root',
        folder.path,
        'emulator',
        'bigquery',
        '--folder',
        join(folder.path, 'bq'),
      ],
      { reject: false },
    );
    let printed = '';
    child.stdout.on('data', (part: Buffer) => (printed += part.toString()));
    await until(() => printed.includes('}'));
    const { endpoint } = JSON.parse(printed) as { endpoint: string };
    const answer = await fetch(`${endpoint}/bigquery/v2/projects/bigquery-public-data/datasets`);
    assert.equal(answer.status, 200);
    child.kill('SIGTERM');
    assert.equal((await child).exitCode, 0);
    assert.ok(existsSync(join(folder.path, 'bq', 'state.duckdb')));
  });

  for (const [option, value, message] of [
    ['--queued-ms', 'soon', /--queued-ms must be a whole number/],
    ['--events', 'nowhere', /--events must be a URL/],
    ['--events-mode', 'loud', /--events-mode must be one of binary, structured, pubsub-push/],
  ] as const) {
    it(`refuses ${option} ${value}`, async () => {
      const { exitCode, stderr } = await execa(
        process.execPath,
        [cli, 'emulator', '--root', folder.path, option, value],
        { reject: false },
      );
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
    });
  }
});
