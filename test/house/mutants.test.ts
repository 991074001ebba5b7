import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { copyOf } from '../../scripts/mutate/copy.js';
import { javascriptMutants } from '../../scripts/mutate/javascript-mutants.js';
import { applied, described, type Mutant } from '../../scripts/mutate/mutant.js';
import { testsOf } from '../../scripts/mutate/tests-of.js';
import { packageRoot } from '../../src/dev/services/tools.js';
import { pythonPath } from '../../src/process/python.js';

const noMap = JSON.stringify({ version: 3, sources: ['a.ts'], names: [], mappings: 'AAAA' });

describe('the mutants of a program', () => {
  it('change each check of TypeScript, one at a time', () => {
    const code = 'if (a < b && !c) throw new Error();\nawait publish(1);\nawait faultPoint("x");\n';
    const changed = javascriptMutants(code, noMap).map((mutant) => applied(code, mutant));
    const firstLines = new Set(changed.map((text) => text.split('\n')[0]));
    for (const line of [
      'if (true) throw new Error();',
      'if (false) throw new Error();',
      'if (a <= b && !c) throw new Error();',
      'if (a >= b && !c) throw new Error();',
      'if (a < b || !c) throw new Error();',
      'if (a < b && c) throw new Error();',
      'if (a < b && !c) ;',
    ]) {
      assert.ok(firstLines.has(line), line);
    }
    assert.equal(changed.filter((text) => text.includes('publish(2)')).length, 1);
    assert.equal(changed.filter((text) => !text.includes('publish')).length, 1);
    assert.ok(changed.every((text) => text.includes('await faultPoint("x")')));
  });

  it('are seen by what is started: a copy has no bundle of the code before', async () => {
    const root = await mkdtemp(join(tmpdir(), 'beamline-mutants-test-'));
    for (const folder of ['programs', 'src']) {
      await mkdir(join(root, 'dist', folder), { recursive: true });
      await writeFile(join(root, 'dist', folder, 'publisher.js'), '');
    }
    const copy = await copyOf(root);
    assert.deepEqual(await readdir(join(copy.root, 'dist')), ['src']);
    assert.deepEqual(await readdir(join(copy.root, 'dist', 'src')), ['publisher.js']);
    await copy.remove();
    await rm(root, { recursive: true });
  });

  it('change each check of Python, also behind letters beyond ASCII', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'beamline-mutants-test-'));
    const code =
      'def f(a: int) -> None:\n    if "é" in {"é"} and a == 1:\n        raise ValueError\n    g(a)\n';
    const file = join(folder, 'a.py');
    await writeFile(file, code);
    const script = join(packageRoot, 'scripts', 'mutate', 'python_mutants.py');
    const { stdout } = await execa(pythonPath(), [script, file]);
    await rm(folder, { recursive: true });
    const mutants = JSON.parse(stdout) as Mutant[];
    const lines = mutants.map((mutant) =>
      applied(code, mutant).split('\n')[mutant.line - 1]?.trim(),
    );
    for (const line of [
      'if True:',
      'if False:',
      'if "é" not in {"é"} and a == 1:',
      'if "é" in {"é"} or a == 1:',
      'if "é" in {"é"} and a != 1:',
      'if "é" in {"é"} and a == 2:',
      'pass',
    ]) {
      assert.ok(lines.includes(line), `${line}: ${lines.join('; ')}`);
    }
    assert.equal(described(mutants[0] as Mutant).startsWith('2: '), true);
  });

  it('are tried on the tests that own the file', async () => {
    const audit = await testsOf(packageRoot, 'src/activities/staged/audit.ts');
    assert.ok(audit.includes('dist/test/activities/audit.test.js'), audit.join());
    const staging = await testsOf(
      packageRoot,
      'beam-pipeline/src/beam_pipeline/staging/staging.py',
    );
    assert.ok(staging.length > 0 && staging.every((path) => /test_\w+\.py$/.test(path)));
  });
});
