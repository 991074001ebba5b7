/**
 * `node dist/src/emulator/main.js --folder DIR [options] [-- COMMAND ARGS…]`: the Dataflow emulator.
 * Prints one JSON line on standard output when it is ready.
 */
import { ArgumentsInvalid, emulatorOptions } from './arguments.js';
import { startEmulator } from './emulator.js';

try {
  const { exitWithParent, ...options } = emulatorOptions(process.argv.slice(2));
  const emulator = await startEmulator({
    ...options,
    onProblem: (message) => process.stderr.write(`dataflow emulator: ${message}\n`),
  });
  const { grpc, http } = emulator;
  process.stdout.write(`${JSON.stringify({ event: 'ready', grpc, http })}\n`);
  const stop = () => void emulator.close().then(() => process.exit(0));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
  if (exitWithParent) process.stdin.resume().once('end', stop).once('error', stop);
} catch (error) {
  process.stderr.write(`dataflow emulator: ${(error as Error).message}\n`);
  process.exit(error instanceof ArgumentsInvalid ? 2 : 1);
}
