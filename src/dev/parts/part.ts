import type { z } from 'zod';
import { type Service, startService, type ServiceOptions } from '../services/service.js';

/** One service of the stack: how it is started, and what it says when it is ready. */
export interface Part<T> {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** The JSON line on standard output that says it is ready. */
  readyLine: z.ZodType<T>;
}

/** What all services of a stack have in common. */
export type Surroundings = Pick<ServiceOptions, 'cwd' | 'records' | 'readyWithinMs' | 'signal'> & {
  logFileOf: (name: string) => string;
};

/** Starts a service that says by itself when it is ready. */
export async function startPart<T>(
  part: Part<T>,
  { logFileOf, ...common }: Surroundings,
): Promise<{ service: Service; ready: T }> {
  const { readyLine, ...command } = part;
  const said = Promise.withResolvers<T>();
  const service = await startService({
    ...common,
    ...command,
    logFile: logFileOf(part.name),
    onEvent: (event) => {
      const { success, data } = readyLine.safeParse(event);
      if (success) said.resolve(data);
    },
    ready: () => said.promise,
  });
  return { service, ready: await said.promise };
}
