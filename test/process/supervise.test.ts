import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startOf } from '../../src/process/process-record.js';
import { supervise } from '../../src/process/supervise.js';
import { temporaryRoot } from '../support/stack.js';
import { until } from '../support/until.js';

describe('a supervised child', () => {
  let root: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ root, remove } = await temporaryRoot());
  });
  afterEach(() => remove());

  it('is ended, and did nothing, if it cannot be recorded', async () => {
    const records = join(root, 'records');
    await writeFile(records, 'a file where the folder should be');
    const pidFile = join(root, 'pid');
    await assert.rejects(
      supervise({
        command: 'sh',
        args: [
          '-c',
          `echo $$ > "$0.new"; mv "$0.new" "$0"; read line; echo "$line" > "$0"; sleep 60`,
          pidFile,
        ],
        cwd: root,
        input: 'a task\n',
        records,
        onEvent: () => undefined,
        stallAfterMs: 60_000,
        signal: new AbortController().signal,
        graceMs: 100,
      }),
      /EEXIST|ENOTDIR/,
    );
    const text = await readFile(pidFile, 'utf8').catch(() => null);
    assert.notEqual(text, 'a task\n');
    if (text !== null) await until(async () => (await startOf(Number(text))) === null);
  });
});
