import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../src/dev/services/tools.js';
import { fault } from '../../src/emulator/state/faults.js';
import { containerSpec } from '../../src/emulator/jobs/container-spec.js';

describe('docs/emulator.md', () => {
  const text = readFileSync(join(packageRoot, 'docs', 'emulator.md'), 'utf8');

  it('shows faults that can be scripted, and lists every one', () => {
    const [, example = ''] = /-d '(\[[^]*?\])'/.exec(text) ?? [];
    assert.equal(z.array(fault).parse(JSON.parse(example)).length, 2);
    const names = fault.options.map((option) => option.shape.fault.value);
    assert.deepEqual(
      names.filter((name) => !text.includes(`| \`${name}\``) && !text.includes(`, \`${name}\``)),
      [],
    );
  });

  it('shows a simulated template that can be launched', () => {
    const [, example = ''] = /^```json\n([^]*?)^```$/m.exec(text) ?? [];
    const { simulate } = containerSpec.parse(JSON.parse(example));
    assert.equal(simulate?.writes.length, 1);
  });
});
