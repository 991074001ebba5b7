import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Free ports are sought here: below those that systems give to outgoing connections (from 32768 on
 * Linux), of which one may take a port between its choice and the start of the server it was for.
 */
const lowest = 10_240;
const highest = 32_000;
const mostTries = 50;

/** A port on loopback: the preferred one if nobody listens there, else a free one. */
export async function choosePort(preferred: number): Promise<number> {
  const [port] = await choosePorts([preferred]);
  return port ?? preferred;
}

/** As {@link choosePort}, for several: no port is given twice. */
export async function choosePorts(preferred: readonly number[]): Promise<number[]> {
  const held: Server[] = [];
  try {
    const ports: number[] = [];
    for (const port of preferred) {
      const server = (port === 0 ? null : await holdPort(port)) ?? (await holdAny());
      if (server !== null) held.push(server);
      ports.push(portOf(server) ?? port);
    }
    return ports;
  } finally {
    for (const server of held) server.close();
  }
}

async function holdAny(): Promise<Server | null> {
  for (let tries = 0; tries < mostTries; tries++) {
    const server = await holdPort(randomInt(lowest, highest));
    if (server !== null) return server;
  }
  return holdPort(0);
}

/** A server that listens on the port of loopback and does nothing; null if somebody else does. */
export async function holdPort(port: number): Promise<Server | null> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  } catch {
    server.close();
    return null;
  }
}

function portOf(server: Server | null): number | null {
  const address = server?.address();
  return typeof address === 'object' && address !== null ? address.port : null;
}
