import type { Command } from 'commander';
import type { ModuleInfo } from '../../../config/modules/module-info.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { columns } from '../../../text/columns.js';
import { print, printJson, roomOf } from '../../terminal/output.js';
import { shellCommand } from '../../terminal/shell-command.js';

/** `beamline modules [NAME]`: what a config's `module` can name, and the parameters of one. */
export function register(program: Command): void {
  program
    .command('modules')
    .description('list the sources, transforms and sinks, or the parameters of one')
    .argument('[name]', 'name of a module')
    .addHelpText('after', examples('modules', 'modules postgres'))
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      const { json, root } = globalsOf(command);
      const { loadCatalogue } = await import('../../../config/index.js');
      const { allModules } = await import('../../../config/modules/module-info.js');
      const modules = await allModules(loadCatalogue(root));
      const chosen = name === undefined ? modules : await named(modules, name);
      if (json) printJson({ modules: chosen });
      else if (name === undefined) printList(chosen);
      else for (const module of chosen) await printModule(module);
    });
}

async function named(modules: readonly ModuleInfo[], name: string): Promise<ModuleInfo[]> {
  const found = modules.filter((module) => module.name === name);
  if (found.length > 0) return found;
  const { suggestion } = await import('../../../config/values/near-miss.js');
  const names = [...new Set(modules.map((module) => module.name))];
  throw new CliError(`no module is named \`${name}\`${suggestion(name, names)}`, {
    exitCode: exitCodes.badInput,
  });
}

function printList(modules: readonly ModuleInfo[]): void {
  const rows = modules.map(({ kind, name, summary }) => [kind, name, summary]);
  for (const line of columns(rows)) print(line);
  print();
  print(`${shellCommand('modules NAME')} shows the parameters of one.`);
}

async function printModule(module: ModuleInfo): Promise<void> {
  const { kind, name, summary, modes, schemaChanges, schema } = module;
  const { parameterRows } = await import('../../../config/values/parameter-table.js');
  print(`${kind} ${name}  ${summary}`);
  if (modes !== undefined) print(`modes: ${modes.join(', ')}`);
  if (schemaChanges !== undefined) print(`on_schema_change: ${schemaChanges.join(', ')}`);
  const rows = parameterRows(schema).map((row) => [
    `  ${row.name}`,
    row.type.replaceAll('`', ''),
    row.required ? 'required' : row.default === undefined ? '' : `default ${row.default}`,
    row.description,
  ]);
  const lines = columns(rows);
  if (lines.every((line) => line.length < roomOf(process.stdout)))
    for (const line of lines) print(line);
  else {
    // What a parameter does needs the width for itself.
    const heads = columns(rows.map(([name = '', type = '', need = '']) => [name, type, need]));
    for (const [index, [, , , description]] of rows.entries()) {
      print(heads[index]);
      print(`      ${description}`);
    }
  }
  print();
}
