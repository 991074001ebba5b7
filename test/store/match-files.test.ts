import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pythonPath } from '../../src/process/python.js';
import { matchFiles } from '../../src/store/match-files.js';
import { temporaryRoot } from '../support/stack.js';

const names = `
a.csv b.csv B.csv .hidden.csv a.csv.gz a+b(1).csv a[1].csv ü.csv
d/a.csv d/e/a.csv d/e/f/a.csv d/.h/a.csv d/^.csv d/-.csv d/].csv
`.match(/\S+/g) as string[];
const patterns = `
a.csv ./a.csv *.csv ?.csv .*.csv [ab].csv [!a].csv [a-z].csv d/*.csv a+b(1).csv
* ** d/** **/*.csv d/**/a.csv **/e/*.csv d/*/*.csv d/.h/*.csv **/.h/*
a[[]1].csv d/[]].csv d/[^].csv d/[!^].csv [.csv d none/*
d//a.csv d/../a.csv a.csv/* a**.csv {a,b}.csv
`.match(/\S+/g) as string[];
const python =
  'import glob,json,os,sys;' +
  'print(json.dumps([sorted({os.path.normpath(p) for p in glob.glob(q,recursive=True) ' +
  'if os.path.isfile(p)}) for q in json.load(sys.stdin)]))';

describe('the files of a pattern', () => {
  it('are those that Python finds', async () => {
    const { root, remove } = await temporaryRoot();
    try {
      for (const name of names) {
        mkdirSync(dirname(join(root, name)), { recursive: true });
        writeFileSync(join(root, name), '');
      }
      const found = execFileSync(pythonPath(), ['-c', python], {
        cwd: root,
        input: JSON.stringify(patterns),
        encoding: 'utf8',
      });
      const wanted = JSON.parse(found) as string[][];
      for (const [index, pattern] of patterns.entries()) {
        assert.deepEqual(await matchFiles(root, pattern), wanted[index], pattern);
      }
    } finally {
      await remove();
    }
  });

  it('are found soon, however many stars there are', async () => {
    const { root, remove } = await temporaryRoot();
    try {
      mkdirSync(join(root, ...Array.from({ length: 20 }, () => 'a')), { recursive: true });
      writeFileSync(join(root, 'a'.repeat(200)), '');
      assert.deepEqual(await matchFiles(root, `${'*a'.repeat(40)}*b`), []);
      assert.deepEqual(await matchFiles(root, '*a'.repeat(40)), ['a'.repeat(200)]);
      assert.deepEqual(await matchFiles(root, `${'**/a/'.repeat(12)}b`), []);
    } finally {
      await remove();
    }
  });
});
