import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The Python interpreter of the Beam child: `BEAMLINE_PYTHON`, else the clone's own, else PATH's. */
export function pythonPath(env: NodeJS.ProcessEnv = process.env): string {
  if (env['BEAMLINE_PYTHON']) return env['BEAMLINE_PYTHON'];
  const own = fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url));
  return existsSync(own) ? own : 'python3';
}
