import type { AddressInfo } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import type { Front, Listening } from '../grpc/server.js';

/** The HTTP port, with the routes that `add` adds. */
export async function startHttp(
  { host, port }: Listening,
  add: (app: FastifyInstance) => void,
): Promise<Front> {
  const app = fastify({
    bodyLimit: 16 * 1024 * 1024,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 2000 },
  });
  // Clients of Google's APIs send `content-type: application/json` with an empty body.
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? {} : JSON.parse(String(body)));
    } catch (error) {
      done(Object.assign(error as Error, { statusCode: 400 }));
    }
  });
  // A form (a request for a token) or anything else is read and needs no understanding.
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null, {}));
  add(app);
  await app.listen({ port, host });
  return {
    port: (app.server.address() as AddressInfo).port,
    close: () => app.close(),
  };
}
