import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadClientConnectConfig } from '@temporalio/envconfig';

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

function developmentAddress(root: string): string | undefined {
  try {
    const text = readFileSync(join(root, '.beamline', 'dev.json'), 'utf8');
    const { temporal } = JSON.parse(text) as { temporal?: { address?: string } };
    return temporal?.address;
  } catch {
    return undefined;
  }
}
