import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

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
      const server = (await hold(port)) ?? (await hold(0));
      if (server !== null) held.push(server);
      ports.push(portOf(server) ?? port);
    }
    return ports;
  } finally {
    for (const server of held) server.close();
  }
}

async function hold(port: number): Promise<Server | null> {
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
