import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './tools.js';

/** A program of this package, in JavaScript. */
export function programPath(...parts: string[]): string {
  return join(packageRoot, 'dist', 'src', ...parts);
}

/** The folder that Python finds the storage emulator in. */
export const storageEmulatorPath = join(packageRoot, 'emulators', 'storage', 'src');

export function hasStorageEmulator(): boolean {
  return existsSync(join(storageEmulatorPath, 'storage_emulator', '__main__.py'));
}

/** The folder that Python finds the BigQuery emulator in. */
export const bigqueryEmulatorPath = join(packageRoot, 'emulators', 'bigquery', 'src');

export function hasBigQueryEmulator(): boolean {
  return existsSync(join(bigqueryEmulatorPath, 'bigquery_emulator', '__main__.py'));
}

/** The Dataflow emulator reads templates from the storage emulator: without that it is of no use. */
export function hasDataflowEmulator(): boolean {
  return hasStorageEmulator() && existsSync(programPath('emulator', 'main.js'));
}
