import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { dataConverter } from './data-converter.js';
import { TemporalUnreachable } from './errors.js';
import { codeOf, grpcCodes } from './grpc-codes.js';

/** How to reach Temporal: the options of a connection, and the namespace. */
export type TemporalAddress = ReturnType<typeof loadClientConnectConfig>;

/**
 * Temporal's own environment configuration (`TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE`, …, or its
 * configuration file); where that names no server, the one that `beamline dev` runs in `root`.
 */
export function temporalAddress(root: string): TemporalAddress {
  const config = loadClientConnectConfig();
  if (config.connectionOptions.address) return config;
  const address = developmentAddress(root) ?? '127.0.0.1:7233';
  return { ...config, connectionOptions: { ...config.connectionOptions, address } };
}

/** A client, and what it is connected to. */
export interface TemporalClient {
  client: Client;
  address: string;
  namespace: string;
}

/**
 * Connects to Temporal.
 * @param overrides of what the environment says
 * @throws {@link TemporalUnreachable}
 */
export async function connectTemporal(
  root: string,
  overrides: { address?: string; namespace?: string } = {},
): Promise<TemporalClient> {
  const { connectionOptions, ...config } = temporalAddress(root);
  const address = overrides.address ?? connectionOptions.address ?? '127.0.0.1:7233';
  const namespace = overrides.namespace ?? config.namespace ?? 'default';
  const connectTimeout = isLoopback(address) ? '2s' : '10s';
  try {
    const connection = await Connection.connect({ ...connectionOptions, address, connectTimeout });
    return { client: new Client({ connection, namespace, dataConverter }), address, namespace };
  } catch (error) {
    throw new TemporalUnreachable(address, error);
  }
}

/** Status codes of a server that cannot be reached. */
const unreachableCodes = new Set<number | undefined>([
  grpcCodes.deadlineExceeded,
  grpcCodes.unavailable,
]);

/** Whether a call failed because the server could not be reached. */
export function isUnreachable(error: unknown): boolean {
  return unreachableCodes.has(codeOf(error));
}

/** Makes a call; one that does not reach the server throws {@link TemporalUnreachable}. */
export async function reached<T>(address: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isUnreachable(error)) throw new TemporalUnreachable(address, error);
    throw error;
  }
}

function isLoopback(address: string): boolean {
  return /^(localhost|127\.|\[::1\])/.test(address);
}

function developmentAddress(root: string): string | undefined {
  try {
    const text = readFileSync(join(root, '.beamline', 'dev.json'), 'utf8');
    const { temporal } = JSON.parse(text) as { temporal?: { address?: string } };
    return temporal?.address;
  } catch {
    return undefined;
  }
}
