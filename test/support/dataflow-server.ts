import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  status,
  type GrpcObject,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

type Body = Record<string, unknown>;
/** Answers one call, or throws a {@link StatusError}. */
export type Handler = (request: Body) => Body | Promise<Body>;

/** A gRPC status, as a handler throws it. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  constructor(
    readonly code: status,
    message: string,
  ) {
    super(message);
  }
}

/** A server with the services of Dataflow, whose answers a test gives. */
export interface DataflowServer {
  /** `host:port`. */
  address: string;
  /** What was asked, in order: the name of the call and its request. */
  calls: { name: string; request: Body }[];
  /** The answers, by name of the call; without one a call is UNIMPLEMENTED. */
  handlers: Record<string, Handler>;
  close(): void;
}

/** Serves the protos that the client library brings, on a free port. */
export async function startDataflowServer(): Promise<DataflowServer> {
  const resolve = createRequire(import.meta.url).resolve;
  const protosOf = (name: string, up: string): string => join(dirname(resolve(name)), up, 'protos');
  const folder = 'google/dataflow/v1beta3';
  const definition = loadSync(
    ['templates', 'jobs', 'messages', 'metrics'].map((name) => `${folder}/${name}.proto`),
    {
      includeDirs: [protosOf('@google-cloud/dataflow', '..'), protosOf('google-gax', '..')],
      longs: String,
      enums: String,
    },
  );
  const { google } = loadPackageDefinition(definition) as unknown as {
    google: { dataflow: { v1beta3: GrpcObject } };
  };
  const server = new Server();
  const calls: DataflowServer['calls'] = [];
  const handlers: DataflowServer['handlers'] = {};
  const services = ['FlexTemplatesService', 'JobsV1Beta3', 'MessagesV1Beta3', 'MetricsV1Beta3'];
  for (const name of services) {
    const { service } = google.dataflow.v1beta3[name] as ServiceClientConstructor;
    const methods = Object.values(service).map(({ originalName }) => originalName ?? '');
    server.addService(
      service,
      Object.fromEntries(methods.map((method) => [method, handlerOf(method)])),
    );
  }
  const port = await new Promise<number>((done, failed) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? failed(error) : done(bound),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    calls,
    handlers,
    close: () => server.forceShutdown(),
  };

  function handlerOf(name: string) {
    return (call: ServerUnaryCall<Body, Body>, answer: sendUnaryData<Body>): void => {
      calls.push({ name, request: call.request });
      const handler = handlers[name];
      Promise.resolve()
        .then(() => {
          if (handler === undefined) throw new StatusError(status.UNIMPLEMENTED, name);
          return handler(call.request);
        })
        .then(
          (body) => answer(null, body),
          (error: unknown) => {
            const code = error instanceof StatusError ? error.code : status.UNKNOWN;
            answer({ code, details: error instanceof Error ? error.message : String(error) });
          },
        );
    };
  }
}
