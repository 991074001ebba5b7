import { createHash } from 'node:crypto';
import { choosePorts } from './ports.js';
import {
  hasBigQueryEmulator,
  hasDataflowEmulator,
  hasStorageEmulator,
} from '../services/programs.js';

/** The ports that are taken where they are free. */
export interface PreferredPorts {
  temporal?: number | undefined;
  ui?: number | undefined;
  gateway?: number | undefined;
}

/**
 * Where the parts of a stack will listen. Known before any of them starts, so that those that need
 * not wait for one another start together.
 */
export interface Endpoints {
  temporal: { address: string; namespace: string; ui: string };
  gateway: { url: string };
  /** Absent where this version has no such emulator. */
  storage?: { endpoint: string };
  bigquery?: { endpoint: string };
  dataflow?: { grpc: string; http: string };
  /** What to say of a port that was taken; empty if it was not. */
  notes: { temporal: string; gateway: string };
}

const defaults = { temporal: 7233, ui: 8233, gateway: 8088 };

export async function chooseEndpoints(root: string, preferred: PreferredPorts): Promise<Endpoints> {
  const wanted = { ...defaults, ...emulatorPorts(root), ...definedOf(preferred) };
  const [temporal = 0, ui = 0, gateway = 0, storage = 0, grpc = 0, http = 0, bigquery = 0] =
    await choosePorts([
      wanted.temporal,
      wanted.ui,
      wanted.gateway,
      wanted.storage,
      wanted.grpc,
      wanted.http,
      wanted.bigquery,
    ]);
  return {
    temporal: {
      address: `127.0.0.1:${temporal}`,
      namespace: 'default',
      ui: `http://127.0.0.1:${ui}`,
    },
    gateway: { url: `http://127.0.0.1:${gateway}` },
    ...(hasStorageEmulator() && { storage: { endpoint: `http://127.0.0.1:${storage}` } }),
    ...(hasBigQueryEmulator() && { bigquery: { endpoint: `http://127.0.0.1:${bigquery}` } }),
    ...(hasDataflowEmulator() && {
      dataflow: { grpc: `127.0.0.1:${grpc}`, http: `http://127.0.0.1:${http}` },
    }),
    notes: { temporal: moved(temporal, wanted.temporal), gateway: moved(gateway, wanted.gateway) },
  };
}

/**
 * Ports of a root's emulators: the same at each start, since jobs outlive an emulator, and others than
 * those of a stack that starts elsewhere at the same moment. Below the range that systems give out.
 */
function emulatorPorts(root: string): Record<'storage' | 'grpc' | 'http' | 'bigquery', number> {
  const number = createHash('sha256').update(root).digest().readUInt32BE();
  const storage = 20_000 + 4 * (number % 3000);
  return { storage, grpc: storage + 1, http: storage + 2, bigquery: storage + 3 };
}

/** The port of an address or URL. */
export function portOf(endpoint: string): string {
  return endpoint.slice(endpoint.lastIndexOf(':') + 1);
}

function definedOf(ports: PreferredPorts): Record<string, number> {
  const given = Object.entries(ports).filter((entry): entry is [string, number] => {
    return entry[1] !== undefined;
  });
  return Object.fromEntries(given);
}

function moved(port: number, from: number): string {
  return port === from ? '' : ` (${from} is taken)`;
}
