import assert from 'node:assert/strict';
import { join } from 'node:path';
import { execa } from 'execa';
import { projectRoot } from '../support/stack.js';

/** The packages that a program has loaded once it is there, as far as they are not ES modules. */
async function packagesOf(program: string): Promise<string[]> {
  const script = `
    import { createRequire } from 'node:module';
    await import(${JSON.stringify(join(projectRoot, 'dist', 'src', program))});
    console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache)));
    process.exit();`;
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await execa(process.execPath, args, { cwd: projectRoot });
  const files = JSON.parse(stdout) as string[];
  const names = files.map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? '');
  return [...new Set(names)];
}

describe('a worker that pulls no events', function () {
  this.timeout(60_000);

  it('loads nothing that is for this alone, nor a service that no run has asked', async () => {
    const packages = await packagesOf('worker/run-worker.js');
    assert.ok(packages.includes('@temporalio/worker'), 'the cache lists what is loaded');
    const ofOthers = /^(@google-cloud\/|google-|gaxios|prom-client|cloudevents|@duckdb\/)/;
    assert.deepEqual(
      packages.filter((name) => ofOthers.test(name)),
      [],
    );
  });
});
