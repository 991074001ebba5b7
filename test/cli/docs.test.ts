import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { launchHeading } from '../../src/cli/options/launch-options.js';
import { createProgram } from '../../src/cli/program.js';
import { acting } from './command-lines.js';
import { packageRoot } from '../../src/config/modules/catalogue.js';

describe('docs/cli.md', () => {
  it('lists every command as it is', () => {
    const text = readFileSync(join(packageRoot, 'docs', 'cli.md'), 'utf8');
    const page = text.replaceAll(/ {2,}/g, ' ').replaceAll(/-{3,}/g, '---');
    const table = [
      '| command | what it does | options |',
      '| --- | --- | --- |',
      ...acting(createProgram()).map(rowOf),
    ]
      .join('\n')
      .replaceAll(/ {2,}/g, ' ');
    assert.ok(page.includes(`\n${table}\n\n`), `the table should read:\n${table}`);
  });
});

function rowOf(command: Command): string {
  const group = command.parent?.parent ? `${command.parent.name()} ` : '';
  const words = command.registeredArguments.map((argument) => {
    const word = `${argument.name().toUpperCase()}${argument.variadic ? '…' : ''}`;
    return argument.required ? ` ${word}` : ` [${word}]`;
  });
  const own = command.options.filter(({ helpGroupHeading }) => helpGroupHeading !== launchHeading);
  const isGrouped = own.length < command.options.length;
  const options = [
    ...own.map(({ flags }) => `\`${flags}\``),
    ...(isGrouped ? ['[launch options](reference/launch.md)'] : []),
  ].join(' ');
  const cells = [`\`${group}${command.name()}${words.join('')}\``, command.description(), options];
  return `| ${cells.join(' | ')} |`.replace('|  |', '| |');
}
