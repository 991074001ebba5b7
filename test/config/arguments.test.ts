import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { inferredType, missingArgs, resolveArgs } from '../../src/config/checks/arguments.js';
import { parseConfig, type LoadedConfig } from '../../src/config/document/document.js';
import { fillString } from '../../src/config/checks/references.js';

function config(args: string): LoadedConfig {
  return parseConfig(`name: a\nargs:\n${args}\n`, { file: 'a.yaml', path: '/a.yaml' });
}

const all = config(`
  day: 2026-01-01
  limit: { type: integer, default: 10 }
  ratio: 0.5
  strict: true
  region: { type: string }
  since: { type: timestamp, default: 2026-01-01T00:00:00Z }
`);

describe('arguments', () => {
  it('take the type of their default in the short form', () => {
    const texts = ['2026-01-01', '2026-13-01', '2026-01-01T10:00Z', 'x', 1, 1.5, false];
    assert.deepEqual(texts.map(inferredType), [
      'date',
      'string',
      'timestamp',
      'string',
      'integer',
      'number',
      'boolean',
    ]);
  });

  it('are read as their declared type from a command line', () => {
    const given = { limit: '-3', ratio: '1e2', strict: 'false', region: '7', day: '2024-02-29' };
    const { values, problems } = resolveArgs(all, given);
    assert.deepEqual(problems, []);
    assert.deepEqual(values, {
      day: '2024-02-29',
      limit: -3,
      ratio: 100,
      strict: false,
      region: '7',
      since: '2026-01-01T00:00:00Z',
    });
  });

  const wrong: [string, unknown][] = [
    ['day', '2026-02-30'],
    ['day', 'yesterday'],
    ['limit', '1.5'],
    ['limit', '12345678901234567890'],
    ['ratio', ''],
    ['ratio', 'Infinity'],
    ['strict', 'yes'],
    ['since', '2026-01-01T25:00:00Z'],
    ['since', '2026-01-01'],
    ['region', { a: 1 }],
  ];
  for (const [name, value] of wrong) {
    it(`refuse ${name}=${JSON.stringify(value)}`, () => {
      const [problem] = resolveArgs(all, { [name]: value }).problems;
      assert.match(problem?.message ?? '', new RegExp(`^argument \`${name}\` must be `));
      assert.equal(problem?.path, `args.${name}`);
    });
  }

  it('name an unknown one and its near miss', () => {
    const [problem] = resolveArgs(all, { regoin: 'eu' }).problems;
    assert.equal(
      problem?.message,
      'no argument is named `regoin`; did you mean `region`? (day, limit, ratio, strict, region, since)',
    );
  });

  it('name one that is missing', () => {
    const [problem, ...others] = missingArgs(all, resolveArgs(all, {}));
    assert.equal(
      problem?.message,
      'argument `region` (string) has no default; give it: --arg region=…',
    );
    assert.deepEqual([problem?.line, others.length], [8, 0]);
  });
});

describe('references', () => {
  const args = resolveArgs(all, { region: 'eu' });
  const fill = (text: string): unknown => fillString(text, args, { external: false }).value;

  it('keep the type of an argument that is the whole string', () => {
    assert.equal(fill('${args.limit}'), 10);
    assert.equal(fill('${args.strict}'), true);
    assert.equal(fill('${args.day}'), '2026-01-01');
  });

  it('fill an argument into a longer string', () => {
    assert.equal(fill("day = '${args.day}' limit ${args.limit}"), "day = '2026-01-01' limit 10");
  });

  it('take $${ as the text ${', () => {
    assert.equal(fill('$${args.day} $${x}'), '${args.day} ${x}');
  });

  it('never read what an argument brought in as a reference', () => {
    const given = resolveArgs(all, { region: '${args.day}' });
    assert.equal(fillString('a ${args.region}', given, { external: false }).value, 'a ${args.day}');
  });

  it('leave text without ${ alone', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('${'));
        assert.equal(fill(text), text);
      }),
    );
  });

  it('stay where a connection is described', () => {
    const text = '${env:HOST} ${file:/run/host}';
    assert.deepEqual(fillString(text, args, { external: true }), {
      value: text,
      messages: [],
      open: false,
    });
  });
});
