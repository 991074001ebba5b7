import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { causeRules, type CauseRule } from '../../src/dataflow/cause-rules.js';

describe('docs/failures.md', () => {
  it('lists every rule as it is', () => {
    const text = readFileSync(join(packageRoot, 'docs', 'failures.md'), 'utf8');
    const page = text.replaceAll(/ {2,}/g, ' ').replaceAll(/-{3,}/g, '---');
    const table = [
      '| cause | what happened | retry | what to do | documented or reported |',
      '| --- | --- | --- | --- | --- |',
      ...causeRules.map(rowOf),
    ].join('\n');
    assert.ok(page.includes(`\n${table}\n\n`), `the table should read:\n${table}`);
  });
});

function rowOf({ cause, title, retryHelps, next, sources }: CauseRule): string {
  const links = sources.map((url, index) => `[${index + 1}](${url})`).join(' ');
  const cells = [cause.replaceAll('_', ' '), title, retryHelps ? 'may help' : 'no', next, links];
  return `| ${cells.join(' | ')} |`;
}
