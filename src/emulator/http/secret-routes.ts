import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiError } from '../state/api-error.js';
import type { Secrets } from '../state/secrets.js';
import { refuse } from './dataflow-routes.js';

const payload = z.looseObject({ payload: z.looseObject({ data: z.base64() }) });

/** What programs use of Secret Manager's REST API: create, addVersion, access. */
export function addSecretRoutes(app: FastifyInstance, secrets: Secrets): void {
  app.all('/v1/projects/:project/secrets*', (request, reply) => {
    try {
      return reply.send(answer(request, secrets));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refuse(reply, error);
      return reply;
    }
  });
}

function answer(request: FastifyRequest, secrets: Secrets): object {
  const path = decodeURIComponent(request.url.replace(/\?.*$/, '')).replace(/^\/v1\//, '');
  const { secretId } = request.query as { secretId?: string };
  const [, name = '', version, action] =
    /^(projects\/[^/]+\/secrets(?:\/[^/:]+)?)(?:\/versions\/([^/:]+))?(?::(\w+))?$/.exec(path) ??
    [];
  if (request.method === 'GET' && action === 'access' && version !== undefined) {
    const found = secrets.access(name, version);
    return { name: `${name}/versions/${found.version}`, payload: { data: found.data } };
  }
  if (request.method === 'POST' && action === 'addVersion') {
    const parsed = payload.safeParse(request.body);
    if (!parsed.success) {
      throw new ApiError('INVALID_ARGUMENT', 'payload.data must be base64.');
    }
    const number = secrets.add(name, parsed.data.payload.data);
    return { name: `${name}/versions/${number}`, state: 'ENABLED' };
  }
  if (request.method === 'POST' && action === undefined && name.endsWith('/secrets')) {
    if (!/^[A-Za-z0-9_-]{1,255}$/.test(secretId ?? '')) {
      throw new ApiError(
        'INVALID_ARGUMENT',
        'secretId must be 1 to 255 of A-Z, a-z, 0-9, _ and -.',
      );
    }
    secrets.create(`${name}/${secretId}`);
    return { name: `${name}/${secretId}`, replication: { automatic: {} } };
  }
  throw new ApiError(
    'UNIMPLEMENTED',
    `The emulator of Secret Manager does not implement ${request.method} ${path}.`,
  );
}
