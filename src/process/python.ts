import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The Python interpreter of the Beam child: `BEAMLINE_PYTHON`, else the clone's own, else PATH's. */
export function pythonPath(env: NodeJS.ProcessEnv = process.env): string {
  if (env['BEAMLINE_PYTHON']) return env['BEAMLINE_PYTHON'];
  const own = fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url));
  return existsSync(own) ? own : 'python3';
}

/** The environment of a Python child: it runs the `beam_pipeline` that this package brings. */
export function pythonEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const own = ownPackage();
  if (own === undefined) return env;
  const rest = env['PYTHONPATH'];
  return { ...env, PYTHONPATH: rest ? `${own}${delimiter}${rest}` : own };
}

/** The folder of the `beam_pipeline` that this package brings; undefined where it is installed elsewhere. */
export function ownPackage(): string | undefined {
  const own = fileURLToPath(new URL('../../../beam-pipeline/src', import.meta.url));
  return existsSync(own) ? own : undefined;
}
