import { startEmulator } from './emulator.js';
import type { EmulatorOptions } from './state/options.js';

/** Runs an emulator until a signal, or with `exitWithParent` the end of standard input, ends it. */
export async function runEmulator(
  options: EmulatorOptions,
  exitWithParent: boolean,
  onReady: (at: { grpc: string; http: string }) => void,
): Promise<void> {
  const emulator = await startEmulator({
    ...options,
    onProblem: (message) => process.stderr.write(`dataflow emulator: ${message}\n`),
  });
  onReady({ grpc: emulator.grpc, http: emulator.http });
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    if (exitWithParent) process.stdin.resume().once('end', resolve).once('error', resolve);
  });
  await emulator.close();
}
