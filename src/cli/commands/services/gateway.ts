import type { Command } from 'commander';
import { GatewayRefused } from '../../../gateway/gateway-options.js';
import { keepStatePrivate } from '../../../process/private-state.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';

interface GatewayOptions {
  host?: string;
  port?: number;
  dev?: boolean;
  audience?: string;
  serviceAccount?: string;
  issuer?: string;
  deployment?: string;
}

/** `beamline gateway`: takes events of Dataflow jobs over HTTP until it is asked to stop. */
export function register(program: Command): void {
  program
    .command('gateway')
    .description('take events of Dataflow jobs over HTTP (`beamline dev` starts one by itself)')
    .option('--host <host>', 'where to listen (default: 127.0.0.1)')
    .option('--port <port>', 'where to listen (default: 8088)', Number)
    .option('--audience <url>', 'audience of the tokens of Eventarc or Pub/Sub')
    .option('--service-account <email>', 'service account whose tokens are taken')
    .option('--issuer <url>', "issuer of the tokens (default: Google's)")
    .option('--deployment <id>', "label of the jobs that are taken (default: the settings' own)")
    .option('--dev', 'ask for no token; on loopback only')
    .addHelpText(
      'after',
      examples('gateway --dev', 'gateway --port 8080 --audience https://gateway.example.com'),
    )
    .action(async (options: GatewayOptions, command: Command) => {
      const { port } = options;
      if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
        throw new CliError('a port is a whole number from 0 to 65535', {
          exitCode: exitCodes.badInput,
        });
      }
      keepStatePrivate();
      const { serveGateway } = await import('../../../gateway/serve-gateway.js');
      await serveGateway(globalsOf(command).root, options).catch((error: unknown) => {
        throw explain(error);
      });
    });
}

function explain(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof GatewayRefused) {
    return new CliError(error.message, { exitCode: exitCodes.badInput, cause: error });
  }
  const { code } = error as { code?: string };
  if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new CliError(`cannot listen: ${error.message}`, {
      exitCode: exitCodes.failed,
      hint: 'Choose another one with --host and --port.',
      cause: error,
    });
  }
  return error;
}
