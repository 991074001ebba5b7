import assert from 'node:assert/strict';
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { pythonPath } from '../../src/process/python.js';
import { copyClone, type CopiedClone } from '../support/copied-clone.js';
import { projectRoot, startTemporal, temporaryRoot } from '../support/stack.js';

/** Modules that other tests have, with what each owes its kit: where they are, and where they come. */
const python = {
  'transform/naive': [
    ['tests/transform_kit/naive_member.py', 'tests/transform_kit/members/naive.py'],
  ],
  'sink/recording': [],
} as const;

/** A source is told apart by its folder, too. */
const source = {
  '__init__.py': '"""The `copied` source."""\n',
  'params.py': `"""Parameters of \`copied\`."""

from beam_pipeline.modules.source.files.params import FilesParams


class CopiedParams(FilesParams):
    """Reads files as \`files\` does."""
`,
  'read.py': `"""The \`copied\` source."""

from beam_pipeline.modules.source.files.read import ReadFromFiles


class ReadCopied(ReadFromFiles):
    """Reads as \`files\` does."""
`,
};
const sourceMember = `"""The places of \`copied\`."""

from source_kit.members.files import FilesMember


class CopiedMember(FilesMember):
    """CSV."""

    denies = {**FilesMember.denies, "windows": "module \`copied\` cannot read a window of rows"}
    kinds = ("csv",)


member = CopiedMember()
`;

/** A destination is told apart by its folder, whatever it is made of. */
const destination = `import { destination as files } from '../files/index.js';

/** Writes as \`files\` does. */
export const destination: typeof files = {
  ...files,
  name: 'lines',
  summary: 'Writes a folder of lines.',
  key: (parameters, context) => \`lines:\${files.key(parameters, context)}\`,
};
`;
const places = `import { currentRows, filesSink } from '../../../destinations/files/support.js';
import type { KitMember } from '../place.js';

export const member: KitMember = {
  start: async () => ({
    newPlace: async (root) => {
      const sink = { ...filesSink(root), module: 'lines' };
      return { sink, rows: () => currentRows(sink) };
    },
    stop: async () => undefined,
  }),
};
`;
const config = `name: numbers
sources:
  - { name: numbers, module: copied, parameters: { path: numbers.csv, format: csv } }
transforms:
  - { name: passed, module: naive, inputs: [numbers], parameters: { filter: true } }
sinks:
  - { name: lake, module: lines, input: passed, parameters: { path: lake, format: jsonl } }
  - { name: told, module: recording, input: passed, parameters: { folder: told, id: n } }
`;
const taskQueue = 'new-modules';

describe('adding a source, a transform, a destination and a sink in the job', function () {
  this.timeout(240_000);
  let environment: TestWorkflowEnvironment;
  let clone: CopiedClone;
  let remove: () => Promise<void>;
  let root: string;
  const inClone = (program: string, args: string[], cwd = clone.path) =>
    execa(program, args, {
      cwd,
      // Before what is installed, which is this clone's.
      env: {
        BEAMLINE_PYTHON: pythonPath(),
        PYTHONPATH: join(clone.path, 'beam-pipeline', 'src'),
      },
      all: true,
    });

  before(async () => {
    const base = await temporaryRoot();
    ({ remove } = base);
    root = join(base.root, 'project');
    await mkdir(root);
    [environment, clone] = await Promise.all([
      startTemporal(),
      copyClone(join(base.root, 'beamline')),
    ]);
  });
  after(async () => {
    await environment?.teardown();
    await remove?.();
  });

  it('is one new folder each, and what its kit asks for', async () => {
    const home = join(projectRoot, 'beam-pipeline');
    const copy = join(clone.path, 'beam-pipeline');
    for (const [folder, owed] of Object.entries(python)) {
      const target = join(copy, 'src/beam_pipeline/modules', folder);
      await cp(join(home, 'tests/modules', folder), target, { recursive: true });
      for (const [from, to] of owed) await cp(join(home, from), join(copy, to));
      const [kind = '', module = ''] = folder.split('/');
      await addCorpus(kind, module, kind === 'sink' ? { folder: 'a' } : {});
    }
    const modules = 'beam-pipeline/src/beam_pipeline/modules/source';
    for (const [name, text] of Object.entries(source)) {
      await add(`${modules}/copied/${name}`, text);
    }
    await cp(
      join(home, '..', modules, 'files/README.md'),
      join(clone.path, modules, 'copied/README.md'),
    );
    await add('beam-pipeline/tests/source_kit/members/copied.py', sourceMember);
    await addCorpus('source', 'copied', { path: 'a.csv', format: 'csv' });
    await add('src/destinations/lines/index.ts', destination);
    await add('test/kits/destinations/members/lines.ts', places);
  });

  it('makes what is generated, from the code', async () => {
    await inClone('npx', ['tsc', '-p', 'tsconfig.json']);
    const { all } = await inClone('node', ['dist/scripts/generate.js']);
    const made = all.split('\n').map((line) => line.replace('wrote ', ''));
    assert.deepEqual(made.toSorted(), [
      'docs/reference/README.md',
      'docs/reference/kit-destinations.md',
      'docs/reference/kit-sources.md',
      'docs/reference/kit-transforms.md',
      'docs/reference/sink-lines.md',
      'docs/reference/sink-recording.md',
      'docs/reference/source-copied.md',
      'docs/reference/transform-naive.md',
      'schemas/modules.json',
      'schemas/modules.sha256.json',
      'schemas/pipeline.schema.json',
    ]);
  });

  it('is seen by the kits, and by the corpus', async () => {
    const home = join(clone.path, 'beam-pipeline');
    const chosen =
      'corpus or (naive and (places or refusal or row-wise)) or table or (copied and (places or denied))';
    const { stdout } = await inClone(
      pythonPath(),
      [
        '-m',
        'pytest',
        'tests/test_corpus.py',
        'tests/test_transform_kit.py',
        'tests/test_source_kit.py',
        '-rA',
        '-k',
        chosen,
      ],
      home,
    );
    assert.match(stdout, /PASSED .*test_has_places\[naive\]/);
    assert.match(stdout, /PASSED .*test_each_source_has_places_for_the_kit\[copied\]/);
    assert.match(stdout, /PASSED .*test_what_is_denied_is_refused\[copied-csv\]/);
    assert.match(stdout, /PASSED .*naive: a refusal names the place: a forbidden column/);
    assert.match(stdout, /PASSED .*sink-recording: a key that is none/);
    const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--exit', '--grep'];
    const kept = await inClone(process.execPath, [
      ...mocha,
      'of destinations: lines (modes|denies|takes)|(copied|naive|recording|lines): ',
      'dist/test/kits/destinations/kit.test.js',
      'dist/test/config/module-corpus.test.js',
    ]);
    assert.match(kept.stdout, /✔ modes: append: the new rows are added/);
    assert.match(kept.stdout, /✔ denies, and is asked for it in vain: mode: merge/);
    assert.match(kept.stdout, /✔ sink recording: a key that is none is wrong/);
  });

  it('is all that a pipeline of them needs', async () => {
    const numbers = Array.from({ length: 60 }, (_, number) => number);
    await writeFile(join(root, 'numbers.csv'), `${['n', ...numbers].join('\n')}\n`);
    await writeFile(join(root, 'numbers.yaml'), config);
    const env = { TEMPORAL_ADDRESS: environment.address };
    const checked = await clone.beamline(root, ['validate', 'numbers.yaml']);
    assert.match(`${checked.stdout}${checked.stderr}`, /1 file, no problems/);
    const worker = await clone.startWorker(root, taskQueue, env);
    try {
      const receipt = await clone.run(root, ['numbers.yaml', '--task-queue', taskQueue], env);
      assert.equal(receipt.outcome, 'succeeded', JSON.stringify(receipt.failure));
      assert.deepEqual(
        [receipt.rows_read, receipt.sinks[0]?.rows, receipt.written?.[0]?.rows],
        [60, 30, 30],
      );
    } finally {
      await worker.end('SIGKILL');
    }
    assert.equal((await readdir(join(root, 'told'))).length, 30);
    const lake = join(root, 'lake', 'current');
    const texts = (await readdir(lake)).map((file) => readFile(join(lake, file), 'utf8'));
    const lines = (await Promise.all(texts)).join('').trim().split('\n');
    assert.deepEqual(lines.filter((line) => line.includes('"n"')).length, 30);
  });

  /** Parameters that are right, and some that are wrong. */
  async function addCorpus(kind: string, module: string, parameters: object): Promise<void> {
    const right = { title: 'nothing more', valid: true, parameters };
    const wrong = {
      title: 'a key that is none',
      valid: false,
      path: 'x',
      parameters: { ...parameters, x: 1 },
    };
    const corpus = JSON.stringify({ kind, module, cases: [right, wrong] });
    await add(`test/corpus/modules/${kind}-${module}.json`, corpus);
  }

  async function add(name: string, text: string): Promise<void> {
    const path = join(clone.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: 'wx' });
  }
});
