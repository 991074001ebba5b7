import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { register as cancel } from './commands/runs/cancel.js';
import { register as completion } from './commands/services/completion.js';
import { register as connections } from './commands/configs/connections.js';
import { register as dev } from './commands/services/dev.js';
import { register as drain } from './commands/runs/drain.js';
import { register as explain } from './commands/runs/explain.js';
import { register as gateway } from './commands/services/gateway.js';
import { register as emulator } from './commands/services/emulator.js';
import { register as init } from './commands/configs/init.js';
import { register as list } from './commands/runs/list.js';
import { register as logs } from './commands/runs/logs.js';
import { register as migrate } from './commands/configs/migrate.js';
import { register as modules } from './commands/configs/modules.js';
import { register as orphans } from './commands/runs/orphans.js';
import { register as plan } from './commands/configs/plan.js';
import { register as receipt } from './commands/runs/receipt.js';
import { register as rerun } from './commands/runs/rerun.js';
import { register as run } from './commands/runs/run.js';
import { register as schedule } from './commands/schedule/index.js';
import { register as status } from './commands/runs/status.js';
import { register as sync } from './commands/configs/sync.js';
import { register as validate } from './commands/configs/validate.js';
import { register as version } from './commands/services/version.js';
import { register as worker } from './commands/services/worker.js';
import { addGlobals } from './options/globals.js';
import { nameRootInHints, shellCommand } from './terminal/shell-command.js';

/** Every command, in the order of the help. A command is one file that exports `register`. */
const commands: readonly ((program: Command) => void)[] = [
  init,
  dev,
  validate,
  migrate,
  plan,
  run,
  list,
  status,
  logs,
  explain,
  cancel,
  drain,
  receipt,
  rerun,
  schedule,
  orphans,
  sync,
  connections,
  emulator,
  modules,
  worker,
  gateway,
  completion,
  version,
];

/** The command line, with every command. */
export function createProgram(): Command {
  const program = new Command('beamline')
    .description('Config-defined ETL on Apache Beam, run durably by Temporal.')
    .version(ownVersion(), '--version', 'print the version')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .showHelpAfterError(`(${shellCommand('--help')} lists the commands)`);
  addGlobals(program);
  program.hook('preAction', () => {
    const isTyped = program.getOptionValueSource('root') === 'cli';
    nameRootInHints(isTyped ? program.opts<{ root: string }>().root : undefined);
  });
  for (const register of commands) register(program);
  for (const command of program.commands) nameOwnHelp(command, command.name());
  return program;
}

/** A mistake in a command's words is explained by its own help, not by the list of all commands. */
function nameOwnHelp(command: Command, words: string): void {
  const lists = command.commands.length > 0 ? 'commands' : 'arguments and options';
  command.showHelpAfterError(`(${shellCommand(`${words} --help`)} lists its ${lists})`);
  for (const below of command.commands) nameOwnHelp(below, `${words} ${below.name()}`);
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
