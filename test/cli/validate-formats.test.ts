import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { githubLines } from '../../src/cli/validate/github.js';
import { junitLines } from '../../src/cli/validate/junit.js';
import type { Verdict } from '../../src/cli/validate/verdicts.js';
import { pythonPath } from '../../src/process/python.js';
import { temporaryFolder } from '../config/support.js';
import { beamline } from './beamline.js';

const hostile = 'is `<a href="x">\'&amp;]]>`\r\n100% \u0000\u001b[31m\ud800\uffff 🙂\t:,';

const verdicts: Verdict[] = [
  { file: 'configs/good.yaml', problems: [], unchecked: [] },
  {
    file: 'configs/a,b:<"c">.yaml',
    problems: [
      {
        file: 'configs/a,b:<"c">.yaml',
        line: 7,
        column: 3,
        path: 'sources["a,b"].x',
        message: hostile,
      },
      { file: 'configs/a,b:<"c">.yaml', line: 0, column: 0, path: '', message: 'no such file' },
    ],
    unchecked: [],
  },
];

const readXml = `
import json, sys, xml.etree.ElementTree as tree
def read(element):
    return [element.tag, element.attrib, (element.text or "").strip(), [read(child) for child in element]]
print(json.dumps(read(tree.fromstring(sys.stdin.buffer.read()))))
`;

type Element = [tag: string, attributes: Record<string, string>, text: string, children: Element[]];

/** What a strict parser makes of it. */
function parsedXml(xml: string): Element {
  const { stdout, stderr } = spawnSync(pythonPath(), ['-c', readXml], {
    input: xml,
    encoding: 'utf8',
  });
  assert.ok(stdout, stderr);
  return JSON.parse(stdout) as Element;
}

describe('--format of beamline validate', () => {
  const folder = temporaryFolder();

  it('github: is one workflow command for each problem, escaped by its rules', () => {
    assert.deepEqual(githubLines(verdicts, ''), [
      '::error file=configs/a%2Cb%3A<"c">.yaml,line=7,col=3,title=sources["a%2Cb"].x::' +
        'is `<a href="x">\'&amp;]]>`%0D%0A100%25 \u0000\u001b[31m\ud800\uffff 🙂\t:,',
      '::error file=configs/a%2Cb%3A<"c">.yaml::no such file',
    ]);
  });

  it('github: paths are relative to the repository', () => {
    const [line] = githubLines(
      [
        {
          ...verdicts[1]!,
          problems: [{ file: 'c.yaml', line: 1, column: 1, path: '', message: 'x' }],
        },
      ],
      `${process.cwd()}/..`,
    );
    assert.equal(line, `::error file=${process.cwd().split('/').at(-1)}/c.yaml,line=1,col=1::x`);
  });

  it('junit: is XML for a strict parser, whatever a message holds', () => {
    const [tag, totals, , suites] = parsedXml(junitLines(verdicts).join('\n'));
    assert.equal(tag, 'testsuites');
    assert.deepEqual([totals['tests'], totals['failures']], ['2', '1']);
    const cases = suites[0]?.[3] ?? [];
    assert.deepEqual(
      cases.map(([, { name }]) => name),
      ['configs/good.yaml', 'configs/a,b:<"c">.yaml'],
    );
    assert.deepEqual(cases[0]?.[3], []);
    const [kind, { message }, text] = cases[1]?.[3][0] ?? ['', {}, '', []];
    assert.deepEqual([kind, message], ['failure', '2 problems']);
    assert.ok(
      text.includes('is `<a href="x">\'&amp;]]>`\r\n100% \ufffd\ufffd[31m\ufffd\ufffd 🙂\t:,'),
      text,
    );
    assert.match(text, /^configs\/a,b:<"c">\.yaml {2,}no such file$/m);
  });

  it('is printed alone on standard output, with the exit code of `validate`', () => {
    folder.write('a.yaml', 'name: a\nsources: []\nsinks: []\n');
    const run = (...args: string[]) => beamline(folder.path, 'validate', 'a.yaml', ...args);
    const junit = run('--format', 'junit');
    assert.equal(parsedXml(junit.stdout)[1]['failures'], '1');
    const github = run('--format', 'github');
    assert.match(
      github.stdout,
      /^::error file=a\.yaml,line=2,col=10,title=sources::must not be empty$/m,
    );
    const json = run('--format', 'json');
    assert.equal(json.stdout, run('--json').stdout);
    assert.equal((JSON.parse(json.stdout) as { problems: number }).problems, 2);
    assert.deepEqual([junit.status, github.status, json.status], [2, 2, 2]);
    assert.match(run('--json', '--format', 'github').stdout, /are two formats/);
  });
});
