import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { claimStack, stateOf } from '../../src/dev/environment/stack-record.js';
import { recordProcess } from '../../src/process/process-record.js';
import { openLocalStore, storePaths } from '../../src/store/local-store.js';
import { createOnce, writeAtomically } from '../../src/store/write-file.js';
import { temporaryFolder } from '../config/support.js';

describe('what is kept of runs', () => {
  const folder = temporaryFolder();

  it('is private in the store, whatever the umask is', async () => {
    const before = process.umask(0o000);
    try {
      const store = await openLocalStore(join(folder.path, 'store'));
      await writeAtomically(storePaths.plan(store, 'a'.repeat(64)), '{}');
      await createOnce(storePaths.receipt(store, 'run'), '{}');
      await recordProcess(storePaths.beamProcesses(store, 'run'), process.pid);
    } finally {
      process.umask(before);
    }
    assert.deepEqual(openToOthers(folder.path), []);
  });

  it('is private in the state folder that an older version made for all to read', async () => {
    const state = stateOf(folder.path);
    mkdirSync(state, { recursive: true });
    chmodSync(state, 0o755);
    await (
      await claimStack(folder.path)
    )();
    assert.equal(statSync(state).mode & 0o777, 0o700);
  });

  it('is private also where a library writes it, and what is published is not', async () => {
    const module = new URL('../../src/process/private-state.js', import.meta.url).href;
    const published = join(folder.path, 'published');
    const kept = join(folder.path, 'kept');
    const program = `
      import { writeFileSync } from 'node:fs';
      import { spawnSync } from 'node:child_process';
      const { keepStatePrivate, followUmaskOfUser } = await import(${JSON.stringify(module)});
      if (process.argv[1] === 'publisher') {
        followUmaskOfUser();
        writeFileSync(${JSON.stringify(published)}, '');
      } else {
        keepStatePrivate();
        keepStatePrivate(); // A service of the stack, whose parent did.
        writeFileSync(${JSON.stringify(kept)}, '');
        const code = process.env.PROGRAM;
        spawnSync(process.execPath, ['--input-type=module', '-e', code, 'publisher'], { stdio: 'inherit' });
      }`;
    await execa(
      'sh',
      ['-c', 'umask 027; exec "$0" --input-type=module -e "$PROGRAM"', process.execPath],
      { env: { PROGRAM: program } },
    );
    assert.equal(statSync(kept).mode & 0o777, 0o600);
    assert.equal(statSync(published).mode & 0o777, 0o640);
  });
});

/** Everything below the folder that others may read, write or enter. */
function openToOthers(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((each) => (statSync(each).mode & 0o077) !== 0);
}
