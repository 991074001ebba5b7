import { formatProblems } from '../../config/document/problems.js';
import type { Verdict } from './verdicts.js';
import { counted } from '../../shared/counts.js';

/** JUnit's XML, as CI servers read it: one test case for each file. */
export function junitLines(verdicts: readonly Verdict[]): string[] {
  const failures = verdicts.filter(({ problems }) => problems.length > 0).length;
  const totals = `tests="${verdicts.length}" failures="${failures}" errors="0"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="beamline validate" ${totals}>`,
    `  <testsuite name="beamline validate" ${totals} skipped="0">`,
    ...verdicts.flatMap((verdict) => testCase(verdict)),
    '  </testsuite>',
    '</testsuites>',
  ];
}

function testCase({ file, problems }: Verdict): string[] {
  const start = `    <testcase classname="beamline.validate" name="${escaped(file)}" file="${escaped(file)}"`;
  if (problems.length === 0) return [`${start}/>`];
  const message = counted(problems.length, 'problem');
  return [
    `${start}>`,
    `      <failure type="ConfigProblems" message="${message}">${escaped(formatProblems(problems))}</failure>`,
    '    </testcase>',
  ];
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;',
  '\t': '&#9;',
};

/** As text or as the value of an attribute. What XML 1.0 cannot hold becomes U+FFFD. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll(/[&<>"'\r\t]/g, (character) => entities[character] ?? '');
}
