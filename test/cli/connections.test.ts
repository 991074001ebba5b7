import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { beamline } from './beamline.js';
import { temporaryFolder } from '../config/support.js';

describe('beamline connections test', function () {
  this.timeout(30_000);
  const folder = temporaryFolder();
  const run = (...args: string[]): ReturnType<typeof beamline> =>
    beamline(folder.path, 'connections', 'test', ...args);
  const profile = { host: '127.0.0.1', port: 1, database: 'shop', user: 'etl', password: 'canary' };

  it('says what failed and what to do, shows no password, and exits with 1', () => {
    folder.write('.connections.json', JSON.stringify({ shop: profile }));
    const { status, stdout, stderr } = run();
    assert.equal(status, 1);
    assert.match(stdout, /^FAILED {2}shop .* refused\n/);
    assert.match(stdout, /^ {2}next: check `port`, and that the server runs/m);
    assert.equal(stderr, '1 connection of 1 failed.\n');
    assert.ok(!stdout.includes('canary'));
    const { results } = JSON.parse(run('--json').stdout) as {
      results: { key: string; ok: boolean; cause: string }[];
    };
    const { key, ok, cause } = results[0] ?? assert.fail();
    assert.deepEqual([results.length, key, ok, cause], [1, 'shop', false, 'refused']);
  });

  it('tries only the profiles that a config uses', () => {
    folder.write('.connections.json', JSON.stringify({ shop: profile, other: profile }));
    folder.write(
      'a.yaml',
      `name: a
sources:
  - { name: a, module: postgres, parameters: { profile: other, query: select 1 } }
sinks:
  - { name: b, module: duckdb, input: a, parameters: { database: w.duckdb, table: t } }
`,
    );
    const { stdout } = run('--config', 'a.yaml');
    assert.match(stdout, /^FAILED {2}other /);
    assert.doesNotMatch(stdout, /shop/);
  });

  it('shows what a Python said that gave no answer', () => {
    folder.write('.connections.json', JSON.stringify({ shop: profile }));
    folder.write('python', '#!/bin/sh\necho no answer\necho the reason >&2\nexit 3\n');
    chmodSync(join(folder.path, 'python'), 0o755);
    const before = process.env['BEAMLINE_PYTHON'];
    process.env['BEAMLINE_PYTHON'] = join(folder.path, 'python');
    try {
      const { stderr } = run();
      assert.match(stderr, /the connection test ended with exit code 3: the reason/);
    } finally {
      if (before === undefined) delete process.env['BEAMLINE_PYTHON'];
      else process.env['BEAMLINE_PYTHON'] = before;
    }
  });

  it('names the near miss of a misspelt profile, and what to do without profiles', () => {
    const none = run();
    assert.equal(none.status, 2);
    assert.match(none.stderr, /there is no \.connections\.json in/);
    folder.write('.connections.json', JSON.stringify({ shop: profile }));
    const { status, stderr } = run('shpo');
    assert.equal(status, 2);
    assert.match(stderr, /no profile is named `shpo` in .*; did you mean `shop`\?/);
  });
});
