/**
 * `node dist/src/emulator/main.js --folder DIR [options] [-- COMMAND ARGS…]`: the Dataflow emulator.
 * Prints one JSON line on standard output when it is ready.
 */
import '../process/supported-node.js';
import { ArgumentsInvalid, emulatorOptions, parseArguments } from './arguments.js';
import { keepStatePrivate } from '../process/private-state.js';
import { runEmulator } from './run.js';

keepStatePrivate();

try {
  const { values, command } = parseArguments(process.argv.slice(2));
  const options = emulatorOptions(values, command);
  await runEmulator(options, values['exit-with-parent'] === true, ({ grpc, http }) => {
    process.stdout.write(`${JSON.stringify({ event: 'ready', grpc, http })}\n`);
  });
  process.exit(0);
} catch (error) {
  process.stderr.write(`dataflow emulator: ${(error as Error).message}\n`);
  process.exit(error instanceof ArgumentsInvalid ? 2 : 1);
}
