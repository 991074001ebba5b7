import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthServer {
  /** `http://host:port`. */
  url: string;
  stop(): Promise<void>;
}

/**
 * Answers whoever starts and watches the process: `GET /healthz` with 200 as long as it lives, `GET /readyz`
 * with 200 while it takes work and 503 before and after.
 *
 * @param where port 0 is a free one
 * @throws if the port is taken
 */
export async function startHealthServer(
  where: { host: string; port: number },
  isReady: () => boolean,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    request.resume();
    const { status, body } = answerTo(`${request.method} ${request.url}`, isReady);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  server.listen(where.port, where.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const host = where.host.includes(':') ? `[${where.host}]` : where.host;
  return {
    url: `http://${host}:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answerTo(request: string, isReady: () => boolean): { status: number; body: object } {
  if (request === 'GET /healthz') return { status: 200, body: { status: 'ok' } };
  if (request !== 'GET /readyz') {
    return { status: 404, body: { error: 'there are GET /healthz and GET /readyz' } };
  }
  return isReady()
    ? { status: 200, body: { worker: 'running' } }
    : { status: 503, body: { worker: 'not running' } };
}
