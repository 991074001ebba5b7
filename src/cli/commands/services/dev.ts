import type { Command } from 'commander';
import { keepStatePrivate } from '../../../process/private-state.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { note, print, printJson } from '../../terminal/output.js';
import { shellCommand } from '../../terminal/shell-command.js';
import { restartedText } from '../../../dev/services/kept-service.js';
import { register as registerEnv } from './dev-env.js';
import { register as registerQuery } from './dev-query.js';

interface DevPorts {
  port: number;
  uiPort: number;
  gatewayPort: number;
}

/** `beamline dev`: the local stack, until Ctrl-C or until a part of it ends. */
export function register(program: Command): void {
  const dev = program
    .command('dev')
    .description(
      'run the local stack: Temporal with its Web UI, the emulators, a gateway, a worker',
    )
    .option('--port <port>', 'of the Temporal server', Number, 7233)
    .option('--ui-port <port>', 'of the Web UI', Number, 8233)
    .option('--gateway-port <port>', 'of the gateway, which takes events', Number, 8088)
    .addHelpText('after', examples('dev', 'dev --port 7300 --ui-port 8300 --gateway-port 8100'))
    .action(async (ports: DevPorts, command: Command) => {
      const { json, root } = globalsOf(command);
      for (const value of Object.values(ports) as number[]) {
        if (!Number.isInteger(value) || value < 1 || value > 65_535) {
          throw new CliError('a port is a whole number from 1 to 65535', {
            exitCode: exitCodes.badInput,
          });
        }
      }
      keepStatePrivate();
      const { startStack } = await import('../../../dev/stack.js');
      const { stopSignal } = await import('../../../dev/services/stop-signal.js');
      const stopping = stopSignal();
      const stack = await startStack({
        root,
        ...ports,
        signal: stopping.signal,
        onReady: ({ name, ms, note: details }) =>
          note(`  ✔ ${name.padEnd(10)} ${(ms / 1000).toFixed(1).padStart(5)} s   ${details}`),
        onRestart: ({ name, how }) => note(restartedText(name, how)),
      }).catch((error: unknown) => {
        if (stopping.signal.aborted) return null;
        throw explain(error);
      });
      if (stack === null) {
        note('stopped');
        return;
      }
      if (json) printJson(stack.record);
      else {
        print('Ctrl-C stops the stack. Logs are in .beamline/logs.');
        print(`For other programs: eval "$(${shellCommand('dev env')})"`);
      }

      const broken = await Promise.race([stack.broken, stopping.asked]);
      await stack.stop();
      if (broken === null) note('stopped');
      else {
        throw new CliError(`${broken}\nThe stack was stopped.`, {
          exitCode: exitCodes.failed,
          hint: 'Runs that are open go on when it is started again.',
        });
      }
    });
  registerEnv(dev);
  registerQuery(dev);
}

function explain(error: unknown): unknown {
  const name = error instanceof Error ? error.name : '';
  if (error instanceof Error && name === 'StackRunning') {
    return new CliError(error.message, {
      exitCode: exitCodes.failed,
      hint: 'Use it, or stop it with Ctrl-C where it runs, or start another in another folder (--root).',
    });
  }
  if (error instanceof Error && (name === 'TemporalCliMissing' || name === 'ServiceFailed')) {
    return new CliError(error.message, { exitCode: exitCodes.unreachable, cause: error });
  }
  return error;
}
