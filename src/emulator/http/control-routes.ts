import type { FastifyInstance } from 'fastify';
import { ZodError } from 'zod';
import type { Api } from '../jobs/api.js';
import { ApiError } from '../state/api-error.js';
import { jobJson } from '../state/job-json.js';
import type { State } from '../state/state.js';
import { refuse } from './dataflow-routes.js';

/** What tests ask the emulator itself: its faults, its jobs, the requests that it received. */
export function addControlRoutes(app: FastifyInstance, api: Api, state: State): void {
  app.get('/emulator/faults', () => api.faults.list());
  app.put('/emulator/faults', (request, reply) => {
    try {
      api.faults.set(request.body);
      return api.faults.list();
    } catch (error) {
      if (!(error instanceof ZodError)) throw error;
      const [issue] = error.issues;
      const where = issue?.path.join('.') || 'list';
      refuse(
        reply,
        new ApiError('INVALID_ARGUMENT', `The faults are invalid at ${where}: ${issue?.message}`),
      );
      return reply;
    }
  });
  app.delete('/emulator/faults', () => {
    api.faults.set([]);
    return [];
  });
  app.get('/emulator/requests', () => api.received);
  app.delete('/emulator/requests', () => {
    api.forget();
    return [];
  });
  app.get('/emulator/jobs', () =>
    [...state.jobs.values()].map((job) => ({
      ...jobJson(job),
      parameters: job.parameters,
      args: job.args,
      forced: job.forced === true,
      pid: job.process?.pid ?? null,
    })),
  );
  app.get('/emulator/events', () => [...state.events.values()]);
}
