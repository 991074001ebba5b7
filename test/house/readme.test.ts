import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../src/dev/services/tools.js';
import { unknownWords } from '../support/command-words.js';
import { blocksOf } from '../support/page.js';

const folders = ['docs', 'docs/decisions', 'docs/reference'];
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'configs/README.md',
  ...folders.flatMap((folder) =>
    readdirSync(join(packageRoot, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

function read(page: string): string {
  return readFileSync(join(packageRoot, page), 'utf8');
}

function block(page: string, language: string): string {
  return new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(read(page))?.[1] ?? '';
}

describe('the pages', () => {
  for (const page of pages) {
    it(`${page} links to files that exist`, () => {
      const targets = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path);
      const missing = targets.filter(
        (path) => !existsSync(join(packageRoot, dirname(page), path ?? '')),
      );
      assert.deepEqual(missing, []);
    });
  }

  it('are all in the index', () => {
    const index = read('docs/README.md');
    const missing = readdirSync(join(packageRoot, 'docs'))
      .filter((name) => name.endsWith('.md') && name !== 'README.md')
      .filter((name) => !index.includes(`](${name})`));
    assert.deepEqual(missing, []);
  });

  it('show only commands and options that exist', () => {
    const lines = pages.flatMap((page) =>
      blocksOf(page)
        .filter(({ language }) => language === 'sh')
        .flatMap(({ text }) => text.split('\n').filter((line) => /^(\.\/)?beamline /.test(line))),
    );
    assert.ok(lines.length > 10);
    assert.deepEqual(lines.flatMap(unknownWords), []);
    // `make install` puts it on the path.
    assert.deepEqual(
      lines.filter((line) => line.startsWith('./')),
      [],
    );
  });

  it('show only options that the benchmarks and the chaos suite have', () => {
    const lines = ['docs/benchmarks.md', 'docs/chaos.md']
      .flatMap(blocksOf)
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) => text.trimEnd().split('\n'));
    assert.ok(lines.length > 10);
    for (const line of lines) {
      const [, bench] = /^(bench\/[\w-]+)\/run\b/.exec(line) ?? [];
      assert.ok(bench !== undefined || line.startsWith('npm run chaos'), line);
      const source = sourceOf(bench ?? 'test/chaos');
      for (const [, option = ''] of line.matchAll(/--([a-z][a-z-]*)/g)) {
        if (option === 'help') continue;
        assert.match(source, new RegExp(`["']?(--)?${option}["']?[:,)]`), `${line}: --${option}`);
      }
    }
  });

  it('name only make targets that exist', () => {
    const targets = new Set(
      [...read('Makefile').matchAll(/^([a-z_-]+):/gm)].map(([, name]) => name),
    );
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/(?:`|^)make ([a-z_-]+)/gm)].map(([, name]) => name),
    );
    assert.ok(named.length > 5);
    assert.deepEqual(
      named.filter((name) => !targets.has(name)),
      [],
    );
  });
});

/** The text of a program, but for its tests. */
function sourceOf(folder: string): string {
  return readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|py)$/.test(name) || name === 'run')
    .map((name) => read(join(folder, name)))
    .join('\n');
}

describe('README.md', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'beamline-readme-'));
    mkdirSync(join(root, 'configs'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  async function validate(config: string) {
    writeFileSync(join(root, 'configs', 'orders.yaml'), config);
    const cli = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
    const args = [cli, 'validate', 'configs/orders.yaml'];
    const { exitCode, stdout, stderr } = await execa(process.execPath, args, {
      cwd: root,
      reject: false,
    });
    return { exitCode, stdout, stderr };
  }

  it('shows a config that is valid', async () => {
    const { exitCode, stderr } = await validate(block('README.md', 'yaml'));
    assert.equal(exitCode, 0, stderr);
  });

  it('shows what validate says of two mistakes in it', async () => {
    const wrong = block('README.md', 'yaml')
      .replace('query:', 'querry:')
      .replace('input: orders', 'input: order');
    const { exitCode, stdout, stderr } = await validate(wrong);
    assert.equal(exitCode, 2);
    const shown = block('README.md', 'text').split('\n').slice(1).join('\n').trim();
    assert.ok(`${stdout}\n${stderr}`.includes(shown), `${stdout}\n${stderr}`);
  });
});
