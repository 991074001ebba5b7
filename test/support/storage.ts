import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { join } from 'node:path';
import { pythonPath } from '../../src/process/python.js';
import { startReadyChild } from './child.js';
import { projectRoot } from './stack.js';

export interface StorageEmulator {
  /** What `STORAGE_EMULATOR_HOST` says. */
  endpoint: string;
  createBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the storage emulator on a free port.
 * @param folder where it keeps its objects
 */
export async function startStorage(folder: string): Promise<StorageEmulator> {
  const source = join(projectRoot, 'emulators', 'storage', 'src');
  const child = await startReadyChild<{ endpoint: string }>(
    pythonPath(),
    `-m storage_emulator --host 127.0.0.1 --port 0 --exit-with-parent --folder`
      .split(' ')
      .concat(folder),
    { env: { ...process.env, PYTHONPATH: source } },
  );
  const { endpoint } = child.ready;
  return {
    endpoint,
    async createBucket(name) {
      const answer = await fetch(`${endpoint}/storage/v1/b?project=test`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      });
      if (!answer.ok && answer.status !== 409) {
        throw new Error(`cannot make the bucket ${name}: ${answer.status} ${await answer.text()}`);
      }
    },
    stop: () => child.end(),
  };
}

/** What became of a request on its way to the emulator. */
export type Trouble =
  /** It reached the emulator; its answer was lost. */
  | 'answer lost'
  /** It was answered with this status, and never reached the emulator. */
  | { status: number; message: string };

export interface StorageProxy {
  endpoint: string;
  /** Requests that were seen, as `POST /upload/…`. */
  seen: string[];
  /** Decides about each request; undefined lets it through. */
  trouble: (request: string) => Trouble | undefined;
  stop(): Promise<void>;
}

/** A way to an emulator, of Cloud Storage or another service, on which requests can be watched, refused, and answers lost. */
export async function startStorageProxy(
  emulator: Pick<StorageEmulator, 'endpoint'>,
): Promise<StorageProxy> {
  const pass = (request: IncomingMessage, response: ServerResponse): void => {
    const name = `${request.method ?? ''} ${request.url ?? ''}`;
    proxy.seen.push(name);
    const trouble = proxy.trouble(name);
    if (typeof trouble === 'object') {
      request.resume();
      const { status: code, message } = trouble;
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code, message, errors: [{ message }] } }));
      return;
    }
    const onward = httpRequest(`${emulator.endpoint}${request.url ?? ''}`, {
      method: request.method,
      headers: { ...request.headers, host: new URL(emulator.endpoint).host },
    });
    onward.on('response', (answer) => {
      if (trouble === 'answer lost') {
        answer.resume().on('end', () => request.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => request.socket.destroy());
    request.pipe(onward);
  };
  const server = createServer(pass);
  const proxy: StorageProxy = {
    endpoint: '',
    seen: [],
    trouble: () => undefined,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  proxy.endpoint = `http://127.0.0.1:${address.port}`;
  return proxy;
}
