import { join } from 'node:path';
import { z } from 'zod';
import { type Endpoints, portOf } from '../environment/endpoints.js';
import { programPath } from '../services/programs.js';
import { stateOf } from '../environment/stack-record.js';
import type { Part } from './part.js';

const readyLine = z.object({ event: z.literal('ready'), grpc: z.string(), http: z.string() });

/** The Dataflow emulator, which sends the events of its jobs to the gateway. */
export function dataflowPart(
  root: string,
  { grpc, http }: { grpc: string; http: string },
  { gateway }: Endpoints,
  env: NodeJS.ProcessEnv,
): Part<z.infer<typeof readyLine>> {
  return {
    name: 'dataflow',
    command: process.execPath,
    args: [
      programPath('emulator', 'main.js'),
      `--folder=${join(stateOf(root), 'dataflow')}`,
      `--grpc-port=${portOf(grpc)}`,
      `--http-port=${portOf(http)}`,
      `--events=${gateway.url}/events/dataflow`,
    ],
    env,
    readyLine,
  };
}
