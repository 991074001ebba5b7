import { createServer, type AddressInfo, type Socket } from 'node:net';
import {
  Metadata,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Api } from '../jobs/api.js';
import { statuses, type ApiError } from '../state/api-error.js';
import type { Json } from '../jobs/jobs.js';
import { encode, services } from './definitions.js';
import { fromProto, toProto } from './proto-json.js';

/** Where to listen; port 0 is a free one. */
export interface Listening {
  host: string;
  port: number;
}

export interface Front {
  port: number;
  close(): Promise<void>;
}

/** The API over gRPC. */
export async function startGrpc(api: Api, { host, port }: Listening): Promise<Front> {
  const server = new Server({ 'grpc.max_receive_message_length': 16 * 1024 * 1024 });
  // Connections are taken here so that one can be broken when a response is to be lost.
  const sockets = new Map<string, Socket>();
  for (const service of services) {
    const implementation: UntypedServiceImplementation = {};
    for (const [name, { path }] of Object.entries(service)) {
      const method = path.slice(path.lastIndexOf('/') + 1);
      implementation[name] = (call: ServerUnaryCall<Json, Json>, callback: sendUnaryData<Json>) =>
        void answer(method, call, callback);
    }
    server.addService(service, implementation);
  }

  async function answer(
    method: string,
    call: ServerUnaryCall<Json, Json>,
    callback: sendUnaryData<Json>,
  ): Promise<void> {
    const outcome = await api.call('grpc', method, fromProto(call.request));
    switch (outcome.kind) {
      case 'response':
        callback(null, toProto(outcome.response));
        return;
      case 'error':
        callback(statusOf(outcome.error));
        return;
      case 'lost':
        sockets.get(call.getPeer())?.destroy();
    }
  }

  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer((socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.set(peer, socket);
    socket.on('error', () => undefined); // The client is gone.
    socket.on('close', () => sockets.delete(peer));
    injector.injectConnection(socket);
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject).listen(port, host, resolve);
  });
  return {
    port: (listener.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => listener.close(resolve));
      server.forceShutdown();
      for (const socket of sockets.values()) socket.destroy();
      await closed;
    },
  };
}

/** A google.rpc.Status, whole in the trailer where it has details. */
function statusOf({ status, message, details }: ApiError) {
  const code = statuses[status].grpc;
  const metadata = new Metadata();
  if (details.length > 0) {
    const any = details.map(({ '@type': typeUrl, ...fields }) => ({
      typeUrl,
      value: encode(typeUrl.slice(typeUrl.lastIndexOf('/') + 1), fields),
    }));
    const bytes = encode('google.rpc.Status', { code, message, details: any });
    metadata.set('grpc-status-details-bin', bytes);
  }
  return { code, details: message, metadata };
}
