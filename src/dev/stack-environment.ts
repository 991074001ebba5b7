import { readStackRecord } from './stack-record.js';

/**
 * The environment of this process, over what the local stack of `root` gives to its own processes:
 * a command in another terminal finds the same settings and emulators as the worker does.
 */
export async function environmentFor(
  root: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<NodeJS.ProcessEnv> {
  const record = await readStackRecord(root);
  return { ...record?.environment, ...env };
}
