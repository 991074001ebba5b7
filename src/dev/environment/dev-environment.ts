import { join } from 'node:path';
import { stateOf } from './stack-record.js';

/** The stack's own names in Google Cloud. */
export const devProject = 'beamline-dev';
export const devRegion = 'local1';
export const devBucket = 'beamline-dev';
/** Object in {@link devBucket}: the container spec of the Flex Template. */
export const devTemplate = 'templates/beamline.json';

/** Temporal's own configuration file, for the stack's services and for the `temporal` CLI. */
export const temporalConfigFile = (root: string): string => join(stateOf(root), 'temporal.toml');
/** The settings of the lowest priority, which name the stack's project, store and template. */
export const devSettingsFile = (root: string): string => join(stateOf(root), 'dev-settings.yaml');

/** Where the emulators listen, of those that there are. */
export interface Emulators {
  storage?: { endpoint: string } | undefined;
  dataflow?: { grpc: string; http: string } | undefined;
  bigquery?: { endpoint: string } | undefined;
}

/**
 * This process's environment for a child that talks to the local stack, whatever Temporal and whatever
 * emulators it names itself.
 */
export function stackEnvironment(root: string, emulators: Emulators = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return {
    ...Object.fromEntries(kept),
    TEMPORAL_CONFIG_FILE: temporalConfigFile(root),
    ...emulatorEnvironment(root, emulators),
  };
}

/** The variables that lead to the stack's settings and emulators. */
export function emulatorEnvironment(
  root: string,
  { storage, dataflow, bigquery }: Emulators,
): Record<string, string> {
  return {
    ...(storage && {
      STORAGE_EMULATOR_HOST: storage.endpoint,
      BEAMLINE_DEV_SETTINGS: devSettingsFile(root),
      // No look for credentials on this machine: there are none, and the look takes seconds.
      METADATA_SERVER_DETECTION: 'none',
    }),
    ...(bigquery && { BIGQUERY_EMULATOR_HOST: bigquery.endpoint }),
    ...(dataflow && {
      DATAFLOW_EMULATOR_HOST: dataflow.grpc,
      DATAFLOW_EMULATOR_CONSOLE: dataflow.http,
      SECRET_MANAGER_EMULATOR_HOST: dataflow.http,
    }),
  };
}
