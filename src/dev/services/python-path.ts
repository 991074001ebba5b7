import { delimiter } from 'node:path';

/** An environment in which Python also finds the modules of `folder`. */
export function withPythonPath(env: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  const rest = env['PYTHONPATH'];
  return { ...env, PYTHONPATH: rest ? `${folder}${delimiter}${rest}` : folder };
}
