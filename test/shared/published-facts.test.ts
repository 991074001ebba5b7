import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedFacts, withoutClaim } from '../../src/shared/run/published-facts.js';
import type { ReceiptSink } from '../../src/shared/run/receipt.js';
import { projectRoot } from '../support/stack.js';

const states = ['published', 'kept', 'unpublished', 'uncertain'] as const;
const sinks = (...of: ReceiptSink['state'][]) =>
  of.map((state, index) => ({ name: `s${index}`, state }));

describe('what a run that did not succeed says that it published', () => {
  it('is that nothing was, or what was and perhaps was: never both', () => {
    for (const a of states) {
      for (const b of states) {
        const facts = publishedFacts(sinks(a, b));
        const message = withoutClaim(
          'w: no space is left. Nothing was written. Free it.',
          sinks(a, b),
        );
        const mayBe = [a, b].includes('uncertain');
        const all = `${message} ${facts}`;
        assert.equal(/perhaps published/.test(all), mayBe);
        if (mayBe) assert.doesNotMatch(all, /Nothing was/, all);
        assert.equal(/Nothing was published/.test(facts), !mayBe && ![a, b].includes('published'));
      }
    }
    assert.equal(withoutClaim('a: nothing was written', sinks('uncertain')), 'a');
  });

  it('is not said by a destination, which knows of one sink alone', () => {
    const folder = join(projectRoot, 'src', 'destinations');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    for (const file of files.filter((name) => name.endsWith('.ts'))) {
      assert.doesNotMatch(readFileSync(join(folder, file), 'utf8'), /nothing was published/i, file);
    }
  });

  it('names every sink once', () => {
    assert.equal(
      publishedFacts(sinks('published', 'uncertain', 'unpublished', 'kept')),
      'Published: s0. Begun, and perhaps published: s1. Untouched: s2, s3.',
    );
    assert.equal(publishedFacts([]), 'Nothing was published.');
  });
});
