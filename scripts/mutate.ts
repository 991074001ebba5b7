/**
 * Says which small changes of a file no test notices: `npm run mutate -- FILE… [--tests FILE…] [--grep
 * PATTERN] [--lines FROM-TO…] [--most N] [--seed N] [--jobs N] [--kills]`.
 *
 * Each mutant is made in a copy of the project and the tests that own the file are run on it. One that
 * survives is a check that is not tested, or is equal to the original: say why, or add the test. By default
 * the tests are those of the folder of the file's name and those that import it. Of files whose tests are
 * slow, name the quick ones first, and try what survives (`--lines`) with the others. `--kills` says which
 * test noticed each of the others: on a busy machine one may fail by itself.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { packageRoot } from '../src/dev/services/tools.js';
import { pythonPath } from '../src/process/python.js';
import { copyOf } from './mutate/copy.js';
import { javascriptMutants } from './mutate/javascript-mutants.js';
import { applied, described, type Mutant } from './mutate/mutant.js';
import { asBuilt, testsOf } from './mutate/tests-of.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    tests: { type: 'string', multiple: true },
    grep: { type: 'string' },
    lines: { type: 'string', multiple: true },
    most: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    kills: { type: 'boolean', default: false },
  },
});
if (positionals.length === 0) {
  console.error(
    'usage: npm run mutate -- FILE… [--tests FILE] [--grep PATTERN] [--lines FROM-TO] [--most N]',
  );
  process.exit(2);
}
let survived = 0;
for (const file of positionals) survived += await mutate(relative(packageRoot, resolve(file)));
process.exit(survived === 0 ? 0 : 1);

/** @returns how many mutants no test noticed */
async function mutate(file: string): Promise<number> {
  const isPython = file.endsWith('.py');
  const program = isPython ? file : join('dist', file.replace(/\.ts$/, '.js'));
  const text = await readFile(join(packageRoot, program), 'utf8');
  const tests = values.tests?.map(asBuilt) ?? (await testsOf(packageRoot, file));
  if (tests.length === 0) throw new Error(`${file}: no test imports it; name some by --tests`);
  const mutants = sampled(isPython ? await pythonMutants(file) : await ofProgram(program, text));
  console.log(`${file}: ${mutants.length} mutants, ${tests.length} test files`);

  const started = Date.now();
  const copies = await Promise.all(
    Array.from({ length: Number(values.jobs) }, () => copyOf(packageRoot)),
  );
  const counts = { killed: 0, survived: 0, late: 0 };
  try {
    const [first] = copies;
    const unchanged = first && (await run(first.root, tests, isPython, 600_000));
    if (unchanged?.end !== 'passed') {
      throw new Error(`the tests of ${file} fail without any change: ${unchanged?.by}`);
    }
    const limit = 3 * (Date.now() - started) + 30_000;
    const queue = [...mutants];
    await Promise.all(
      copies.map(async ({ root }) => {
        for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
          await writeFile(join(root, program), applied(text, mutant));
          const { end, by } = await run(root, tests, isPython, limit);
          await writeFile(join(root, program), text);
          if (end === 'passed') console.log(`  survived  ${file}:${described(mutant)}`);
          else if (values.kills) console.log(`  ${end}: ${by}  ${described(mutant)}`);
          counts[end === 'passed' ? 'survived' : end === 'late' ? 'late' : 'killed'] += 1;
        }
      }),
    );
  } finally {
    await Promise.all(copies.map((copy) => copy.remove()));
  }
  const { killed, late } = counts;
  console.log(`  ${killed} killed, ${late} killed by the time limit, ${counts.survived} survived`);
  return counts.survived;
}

async function ofProgram(program: string, text: string): Promise<Mutant[]> {
  return javascriptMutants(text, await readFile(join(packageRoot, `${program}.map`), 'utf8'));
}

async function pythonMutants(file: string): Promise<Mutant[]> {
  const script = join(packageRoot, 'scripts', 'mutate', 'python_mutants.py');
  const { stdout } = await execa(pythonPath(), [script, join(packageRoot, file)]);
  return JSON.parse(stdout) as Mutant[];
}

/** @returns how the tests ended, and the one that failed */
async function run(
  root: string,
  tests: string[],
  isPython: boolean,
  timeout: number,
): Promise<{ end: 'passed' | 'failed' | 'late'; by: string }> {
  const mocha = ['--no-config', '--bail', '--exit', '--fail-zero', '--timeout', '60000'];
  const only = values.grep === undefined ? [] : [isPython ? '-k' : '--grep', values.grep];
  const { exitCode, timedOut, stdout } = isPython
    ? await execa(
        pythonPath(),
        ['-m', 'pytest', '-x', '-q', ...only, ...tests.map((test) => join(root, test))],
        {
          cwd: join(root, 'beam-pipeline'),
          env: { PYTHONPATH: join(root, 'beam-pipeline', 'src'), PYTHONDONTWRITEBYTECODE: '1' },
          ...options(timeout),
        },
      )
    : await execa(
        join(packageRoot, 'node_modules', '.bin', 'mocha'),
        [...mocha, ...only, ...tests],
        {
          cwd: root,
          ...options(timeout),
        },
      );
  const [, by = timedOut ? 'the time limit' : 'no test ran to its end'] =
    /^(?: +1\)|FAILED) (.*)/m.exec(stdout) ?? [];
  return { end: timedOut ? 'late' : exitCode === 0 ? 'passed' : 'failed', by };
}

function options(timeout: number) {
  return {
    reject: false,
    timeout,
    forceKillAfterDelay: 2000,
    stdin: 'ignore',
  } as const;
}

/** The mutants of the lines that are asked for, at most as many as are asked for, chosen by the seed. */
function sampled(mutants: Mutant[]): Mutant[] {
  const ranges = (values.lines ?? ['0-Infinity']).map((range) => range.split('-').map(Number));
  const wanted = mutants.filter(({ line }) =>
    ranges.some(([from = 0, to = from]) => line >= from && line <= to),
  );
  const most = values.most === undefined ? wanted.length : Number(values.most);
  let state = Number(values.seed);
  while (wanted.length > most) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    wanted.splice(state % wanted.length, 1);
  }
  return wanted;
}
