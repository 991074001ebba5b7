import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type EventIntake, isToBeSentAgain } from './intake/event-intake.js';
import type { EventMetrics } from './intake/metrics.js';
import { largestMessage, openMessage } from './intake/open-message.js';
import type { RunSignals } from './intake/signal-run.js';
import type { TokenVerdict } from './access/token-check.js';

export interface GatewayServerOptions {
  intake: EventIntake;
  runs: Pick<RunSignals, 'isReady'>;
  metrics: EventMetrics;
  /** Null where anybody may send: on loopback in dev mode only. */
  checkToken: ((authorization: string | undefined) => Promise<TokenVerdict>) | null;
}

/** Seconds after which a sender shall try again. */
const retryAfter = '5';

/**
 * The gateway's HTTP server. Eventarc and Pub/Sub deliver again whatever is not answered 2xx, until
 * they give up after a day or put it into a dead-letter topic
 * (https://cloud.google.com/eventarc/docs/retry-events). So an event that is right but concerns no run,
 * or is of another type, gets 2xx and is counted; only what time can mend, and what somebody must look
 * at (a malformed body, a wrong token), gets more.
 */
export function createGatewayServer(options: GatewayServerOptions): FastifyInstance {
  const { intake, runs, metrics } = options;
  const server = Fastify({
    bodyLimit: largestMessage,
    requestTimeout: 30_000,
    forceCloseConnections: 'idle',
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  server.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    return reply.code(status).send({ error: status === 413 ? 'the body is too large' : 'refused' });
  });

  server.post(
    '/events/dataflow',
    // Before the body is read.
    { onRequest: async (request, reply) => refuseStranger(options, request, reply) },
    async (request, reply) => {
      const { result, reason } = await intake('http', () =>
        openMessage({ headers: headersOf(request), body: textOf(request.body) }),
      );
      if (result === 'malformed') return reply.code(400).send({ result, reason });
      if (isToBeSentAgain(result)) {
        const status = result === 'too_many' ? 429 : 503;
        return reply.code(status).header('retry-after', retryAfter).send({ result });
      }
      return reply.code(200).send({ result });
    },
  );
  server.get('/healthz', () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const ready = await runs.isReady();
    return reply.code(ready ? 200 : 503).send({ temporal: ready ? 'reachable' : 'unreachable' });
  });
  server.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
  return server;
}

async function refuseStranger(
  { checkToken, metrics }: GatewayServerOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (checkToken === null) return undefined;
  const verdict = await checkToken(request.headers.authorization);
  switch (verdict) {
    case 'good':
      return undefined;
    case 'missing':
    case 'invalid':
      metrics.countRefusedToken(verdict);
      return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'unauthorized' });
    case 'forbidden':
      metrics.countRefusedToken(verdict);
      return reply.code(403).send({ error: 'forbidden' });
    case 'unavailable':
      return reply.code(503).header('retry-after', retryAfter).send({ result: 'unavailable' });
  }
}

/** Undefined if the request has no body. */
function textOf(body: unknown): string {
  return typeof body === 'string' ? body : '';
}

function headersOf({ headers }: FastifyRequest): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : value,
    ]),
  );
}
