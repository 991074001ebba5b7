import { join } from 'node:path';
import { z } from 'zod';
import { pythonPath } from '../../process/python.js';
import { portOf } from '../environment/endpoints.js';
import { bigqueryEmulatorPath } from '../services/programs.js';
import { stateOf } from '../environment/stack-record.js';
import type { Part } from './part.js';
import { withPythonPath } from '../services/python-path.js';

const readyLine = z.object({ event: z.literal('ready'), endpoint: z.string() });

/** The BigQuery emulator; datasets, tables and jobs are kept in `.beamline/bigquery`. */
export function bigqueryPart(
  root: string,
  { endpoint }: { endpoint: string },
  env: NodeJS.ProcessEnv,
): Part<z.infer<typeof readyLine>> {
  return {
    name: 'bigquery',
    command: pythonPath(),
    args: [
      '-m',
      'bigquery_emulator',
      '--host=127.0.0.1',
      `--port=${portOf(endpoint)}`,
      `--folder=${join(stateOf(root), 'bigquery')}`,
    ],
    env: withPythonPath(env, bigqueryEmulatorPath),
    readyLine,
  };
}
