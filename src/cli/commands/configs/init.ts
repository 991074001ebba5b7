import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import type { ModuleInfo } from '../../../config/modules/module-info.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { print, printJson } from '../../terminal/output.js';
import { commandOf, shellCommand } from '../../terminal/shell-command.js';

/** `beamline init [FILE]`: writes a first config; never overwrites one. */
export function register(program: Command): void {
  program
    .command('init')
    .description('write a first config')
    .argument('[file]', 'the config to write, .yaml or .json', 'pipeline.yaml')
    .option('--source <module>', 'module of the source', 'postgres')
    .option('--sink <module>', 'module of the sink', 'duckdb')
    .addHelpText(
      'after',
      examples(
        'init configs/orders.yaml',
        'init configs/orders.yaml --source mysql --sink bigquery',
      ),
    )
    .action(async (file: string, options: { source: string; sink: string }, command: Command) => {
      const { json, root } = globalsOf(command);
      const text = await textOf(file, options, root);
      mkdirSync(dirname(resolve(file)), { recursive: true });
      writeNew(file, text);
      if (json) printJson({ file });
      else {
        print(`wrote ${file}`);
        print(`next: fill it in, then ${commandOf('validate', file)}`);
      }
    });
}

async function textOf(
  file: string,
  options: { source: string; sink: string },
  root: string,
): Promise<string> {
  const { loadCatalogue, packageRoot } = await import('../../../config/modules/catalogue.js');
  const { allModules } = await import('../../../config/modules/module-info.js');
  const { defaultName } = await import('../../../config/envelope/envelope.js');
  const { firstConfig, firstConfigYaml } = await import('../../../config/first-config.js');
  const modules = await allModules(loadCatalogue(root));
  const config = {
    name: defaultName(file),
    source: await moduleOf(modules, 'source', options.source),
    sink: await moduleOf(modules, 'sink', options.sink),
  };
  const schema = relative(
    dirname(resolve(file)),
    join(packageRoot, 'schemas', 'pipeline.schema.json'),
  );
  if (extname(file) !== '.json') return firstConfigYaml(config, schema);
  return `${JSON.stringify({ $schema: schema, ...firstConfig(config) }, null, 2)}\n`;
}

async function moduleOf(
  modules: readonly ModuleInfo[],
  kind: 'source' | 'sink',
  name: string,
): Promise<ModuleInfo> {
  const ofKind = modules.filter((module) => module.kind === kind);
  const found = ofKind.find((module) => module.name === name);
  if (found !== undefined) return found;
  const { suggestion } = await import('../../../config/values/near-miss.js');
  const names = ofKind.map((module) => module.name);
  throw new CliError(`no ${kind} module is named \`${name}\`${suggestion(name, names)}`, {
    exitCode: exitCodes.badInput,
  });
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new CliError(`${file} exists; it was left as it is`, {
      exitCode: exitCodes.badInput,
      hint: `Name another file: ${shellCommand('init other.yaml')}`,
      cause: error,
    });
  }
}
