import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { MessageTypeDefinition, PackageDefinition } from '@grpc/proto-loader';
import { loadSync } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/grpc-js';

const require = createRequire(import.meta.url);
/** The protos that the client library brings, and those that it takes from google-gax. */
const includeDirs = ['@google-cloud/dataflow', 'google-gax'].map((name) =>
  join(dirname(require.resolve(name)), '..', 'protos'),
);

const definitions: PackageDefinition = loadSync(
  ['jobs', 'messages', 'metrics', 'snapshots', 'templates']
    .map((file) => `google/dataflow/v1beta3/${file}.proto`)
    .concat('google/rpc/status.proto'),
  { includeDirs, keepCase: false, longs: String, enums: String, defaults: false },
);

/** Every service of google.dataflow.v1beta3. */
export const services: ServiceDefinition[] = [
  'FlexTemplatesService',
  'JobsV1Beta3',
  'MessagesV1Beta3',
  'MetricsV1Beta3',
  'SnapshotsV1Beta3',
  'TemplatesService',
].map((name) => definitions[`google.dataflow.v1beta3.${name}`] as ServiceDefinition);

/**
 * The request of a method as gRPC would have delivered it: enums by name, fields that the API does
 * not know left out.
 */
export function canonical(method: string, request: object): object {
  for (const service of services) {
    for (const { path, requestSerialize, requestDeserialize } of Object.values(service)) {
      if (path.endsWith(`/${method}`)) {
        return requestDeserialize(requestSerialize(request)) as object;
      }
    }
  }
  throw new TypeError(`${method} is in no service of the client library`);
}

/** The bytes of a message, by its full name. */
export function encode(typeName: string, message: object): Buffer {
  const type = definitions[typeName] as MessageTypeDefinition<object, object> | undefined;
  if (type === undefined) throw new TypeError(`${typeName} is in no proto of the client library`);
  return type.serialize(message);
}
