import assert from 'node:assert/strict';
import { loadConfig, parseConfig } from '../../src/config/document/document.js';
import { foreignKeyMessage } from '../../src/config/envelope/foreign-keys.js';
import { ConfigProblems, type Problem } from '../../src/config/document/problems.js';
import { temporaryFolder } from './support.js';

function problemsOf(load: () => unknown): readonly Problem[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigProblems) return error.problems;
    throw error;
  }
  return [];
}

describe('loading a config', () => {
  const folder = temporaryFolder();
  const load =
    (name: string): (() => unknown) =>
    () =>
      loadConfig(name, { root: folder.path });

  it('names a file that is missing', () => {
    assert.deepEqual(problemsOf(load('nowhere.yaml')), [
      { file: 'nowhere.yaml', line: 0, column: 0, path: '', message: 'no such file' },
    ]);
  });

  it('refuses a path in a bucket, and says what to write', () => {
    const [problem] = problemsOf(load('gs://bucket/configs/a.json'));
    assert.match(
      problem?.message ?? '',
      /in the project, `configs\/a\.json`, and everything else as it is/,
    );
  });

  it('refuses a folder', () => {
    assert.match(problemsOf(load('.'))[0]?.message ?? '', /is a folder/);
  });

  it('refuses a config of 10 MB before it reads it', () => {
    folder.write('large.yaml', `name: ${'x'.repeat(10_000_000)}`);
    const [problem] = problemsOf(load('large.yaml'));
    assert.match(
      problem?.message ?? '',
      /10,000,006 bytes; a config must have fewer than 10,000,000/,
    );
  });

  it('refuses text that is not UTF-8', () => {
    folder.write('latin.yaml', '');
    assert.deepEqual(problemsOf(load('latin.yaml')), []);
    const bytes = Buffer.from([0x6e, 0x61, 0x6d, 0x65, 0x3a, 0x20, 0xff]);
    folder.write('latin.yaml', bytes as unknown as string);
    assert.equal(problemsOf(load('latin.yaml'))[0]?.message, 'is not UTF-8 text');
  });

  it('reads a file that begins with a byte order mark', () => {
    folder.write('bom.json', '\uFEFF{"name": "a"}');
    assert.deepEqual(loadConfig('bom.json', { root: folder.path }).value, { name: 'a' });
  });

  it('reads tab-indented JSON and keeps its positions', () => {
    const text = '{\n\t"name": "a",\n\t"sinks": [\n\t\t{ "mode": "x" }\n\t]\n}';
    const loaded = parseConfig(text, { file: 'a.json', path: '/a.json', json: true });
    const { line, column } = loaded.problem(['sinks', 0, 'mode'], '');
    assert.deepEqual([line, column], [4, 13]);
  });

  it('survives nesting that no parser can follow', () => {
    const text = `a: ${'['.repeat(100_000)}`;
    const problems = problemsOf(() => parseConfig(text, { file: 'deep.yaml', path: '/deep.yaml' }));
    assert.notEqual(problems.length, 0);
  });

  it('says where a quote opens that is never closed, not where the file ends', () => {
    for (const [quote, line, column] of [
      ["'", 2, 7],
      ['"', 2, 7],
    ] as const) {
      const text = `name: orders\nfrom: ${quote}a\nto: b\nend: c\n`;
      const [problem] = problemsOf(() => parseConfig(text, { file: 'a.yaml', path: '/a.yaml' }));
      assert.deepEqual([problem?.line, problem?.column], [line, column]);
      assert.match(problem?.message ?? '', /the quote that opens here is never closed/);
    }
  });

  it('names the key of ours that a key of another tool means', () => {
    assert.match(
      foreignKeyMessage(['sinks', 0, 'parameters'], 'write_disposition') ?? '',
      /^unknown key; the sink itself has `mode`: replace \(WRITE_TRUNCATE\)/,
    );
    assert.equal(foreignKeyMessage(['sources', 0], 'write_disposition'), undefined);
  });

  it('shows no piece of a malformed JSON text, which could be a secret', () => {
    const text = '{"password": "canary" canary}';
    const json = (): unknown => parseConfig(text, { file: 'a.json', path: '/a.json', json: true });
    const [problem] = problemsOf(json);
    assert.equal(problem?.column, 23);
    assert.doesNotMatch(problem?.message ?? '', /canary/);
  });

  it('points at the key of an unknown key and at the nearest parent of a missing one', () => {
    const loaded = parseConfig('name: a\nsources:\n  - name: b\n', { file: 'a', path: '/a' });
    const at = (...args: Parameters<typeof loaded.problem>): number[] => {
      const { line, column } = loaded.problem(...args);
      return [line, column];
    };
    assert.deepEqual(at(['sources'], '', 'key'), [2, 1]);
    assert.deepEqual(at(['sources', 0, 'name'], ''), [3, 11]);
    assert.deepEqual(at(['sources', 0, 'module'], ''), [3, 5]);
  });
});
