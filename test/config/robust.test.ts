import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { checkConfig } from '../../src/config/check.js';
import { loadConfig, parseConfig } from '../../src/config/document/document.js';
import { ConfigProblems, type Problem } from '../../src/config/document/problems.js';
import { catalogue, corpus } from './support.js';

const options = { root: corpus, catalogue, profile: 'profiles.json' };

async function problemsOf(text: string): Promise<readonly Problem[]> {
  try {
    const loaded = parseConfig(text, { file: 'a.json', path: `${corpus}/a.json`, json: true });
    return (await checkConfig(loaded, options)).problems;
  } catch (error) {
    if (error instanceof ConfigProblems) return error.problems;
    throw error;
  }
}

/** Every path of plain data, the root's first. */
function pathsOf(value: unknown): string[][] {
  if (value === null || typeof value !== 'object') return [[]];
  const below = Object.entries(value).flatMap(([key, item]) =>
    pathsOf(item).map((path) => [key, ...path]),
  );
  return [[], ...below];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}

describe('a config in which anything may be wrong', () => {
  const whole = loadConfig('valid/every-key.yaml', { root: corpus }).value;
  const strange = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('${args.day}', '${args.', '$${', '__proto__', 'constructor', 'orders', 'a.b'),
    fc.constant(JSON.parse('{"__proto__": {"a": 1}, "constructor": 1}')),
  );

  it('gives problems with a place inside the file, and never another error', async () => {
    const changes = fc.array(fc.tuple(fc.constantFrom(...pathsOf(whole)), strange), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        let value: unknown = whole;
        for (const [path, by] of list) {
          try {
            value = replaced(value, path, by);
          } catch (error) {
            if (!(error instanceof TypeError)) throw error; // an earlier change removed the place
          }
        }
        const text = JSON.stringify(value, null, 2);
        const lines = text.split('\n').length;
        for (const problem of await problemsOf(text)) {
          assert.ok(problem.line >= 1 && problem.line <= lines, JSON.stringify(problem));
          assert.ok(problem.column >= 1 && problem.message !== '', JSON.stringify(problem));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is malformed text at worst', () => {
    const signs = `{ } [ ] : , - " ' & * ! | > # a 1 \n \t`.split(' ').concat(' ');
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...signs) }));
    fc.assert(
      fc.property(text, fc.boolean(), (source, json) => {
        try {
          parseConfig(source, { file: 'a', path: '/a', json });
        } catch (error) {
          assert.ok(error instanceof ConfigProblems, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
