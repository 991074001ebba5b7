import { loadClientConnectConfig } from '@temporalio/envconfig';
import { readStackRecord } from './stack-record.js';

/**
 * The environment of this process, over what the local stack of `root` gives to its own processes:
 * a command in another terminal finds the same settings and emulators as the worker does. Where
 * Temporal's own configuration names another server, the command is not about the local stack.
 */
export async function environmentFor(
  root: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<NodeJS.ProcessEnv> {
  const record = await readStackRecord(root);
  if (record === null) return env;
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const { address } = loadClientConnectConfig({ overrideEnvVars }).connectionOptions;
  if (address && address !== record.temporal.address) return env;
  return { ...record.environment, ...env };
}

/**
 * Lets this process talk to the emulators of the stack that runs in `root`: its clients find them in
 * its environment. What the environment says already stays.
 */
export async function applyDevEnvironment(root: string): Promise<void> {
  Object.assign(process.env, await environmentFor(root));
}
