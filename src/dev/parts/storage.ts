import { join } from 'node:path';
import { z } from 'zod';
import { pythonPath } from '../../process/python.js';
import { devBucket } from '../environment/dev-environment.js';
import { portOf } from '../environment/endpoints.js';
import { storageEmulatorPath } from '../services/programs.js';
import { stateOf } from '../environment/stack-record.js';
import type { Part } from './part.js';
import { withPythonPath } from '../services/python-path.js';

const readyLine = z.object({ event: z.literal('ready'), endpoint: z.string() });

/** The storage emulator, with the stack's bucket; objects are kept in `.beamline/storage`. */
export function storagePart(
  root: string,
  { endpoint }: { endpoint: string },
  env: NodeJS.ProcessEnv,
): Part<z.infer<typeof readyLine>> {
  return {
    name: 'storage',
    command: pythonPath(),
    args: [
      '-m',
      'storage_emulator',
      '--host=127.0.0.1',
      `--port=${portOf(endpoint)}`,
      `--folder=${join(stateOf(root), 'storage')}`,
      `--bucket=${devBucket}`,
    ],
    env: withPythonPath(env, storageEmulatorPath),
    readyLine,
  };
}
