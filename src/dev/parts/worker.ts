import { z } from 'zod';
import { programPath } from '../services/programs.js';
import type { Part } from './part.js';

const readyLine = z.object({
  event: z.literal('ready'),
  store: z.string(),
  task_queue: z.string(),
});

/** The worker; it needs Temporal to be there. */
export function workerPart(root: string, env: NodeJS.ProcessEnv): Part<z.infer<typeof readyLine>> {
  return {
    name: 'worker',
    command: process.execPath,
    args: [programPath('worker', 'main.js'), '--root', root],
    env,
    readyLine,
  };
}
