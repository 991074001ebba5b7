import { z } from 'zod';
import { type Endpoints, portOf } from '../environment/endpoints.js';
import { programPath } from '../services/programs.js';
import type { Part } from './part.js';

const readyLine = z.object({ event: z.literal('ready'), url: z.string() });

/** The gateway without tokens, on loopback. It does not wait for Temporal. */
export function gatewayPart(
  root: string,
  { gateway }: Endpoints,
  env: NodeJS.ProcessEnv,
): Part<z.infer<typeof readyLine>> {
  return {
    name: 'gateway',
    command: process.execPath,
    args: [
      programPath('gateway', 'main.js'),
      '--root',
      root,
      `--port=${portOf(gateway.url)}`,
      '--dev',
    ],
    env,
    readyLine,
  };
}
