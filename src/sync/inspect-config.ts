import { statSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, maxConfigBytes, type LoadedConfig } from '../config/document/document.js';
import type { ConfigPath } from '../config/values/config-path.js';
import { ConfigProblems } from '../config/document/problems.js';
import { isPlainSecret } from '../config/checks/secrets.js';
import { isSqlPath } from '../config/modules/sql-files.js';
import { stepsOf } from '../config/envelope/steps.js';
import { isMapping } from '../config/values/values.js';
import { isGsUri } from '../store/gs-uri.js';

export interface InspectedConfig {
  /** Why it is not to be uploaded. */
  why?: string;
  /** `.sql` files that its steps name, relative to the project root. */
  sql: string[];
}

/** Looks into a YAML or JSON file of a project: for secrets, and for the SQL that it needs. */
export function inspectConfig(root: string, path: string): InspectedConfig {
  if (statSync(join(root, path)).size > maxConfigBytes) return { sql: [] }; // Data, not a config.
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig(path, { root });
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    // What cannot be read cannot be searched for secrets.
    return { why: `it cannot be read: ${error.problems[0]?.message ?? 'malformed'}`, sql: [] };
  }
  const { value } = loaded;
  if (isServiceAccount(value)) return { why: 'it holds the key of a service account', sql: [] };
  if (isProfiles(value)) return { why: 'connection profiles are never uploaded', sql: [] };
  const secret = secretIn(value, []);
  if (secret !== undefined) {
    const { line, path: place } = loaded.problem(secret, '');
    return { why: `it holds a secret in plain text (line ${line}, ${place})`, sql: [] };
  }
  const values = stepsOf(value).flatMap((step) => Object.values(step.parameters).flat());
  // What is in Cloud Storage already is read from there.
  return { sql: values.filter(isSqlPath).filter((path) => !isGsUri(path)) };
}

/** Where the first secret in plain text stands. */
function secretIn(value: unknown, path: ConfigPath): ConfigPath | undefined {
  if (value === null || typeof value !== 'object') {
    return isPlainSecret(path, value) ? path : undefined;
  }
  for (const [key, item] of Object.entries(value)) {
    const found = secretIn(item, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isServiceAccount(value: unknown): boolean {
  return isMapping(value) && typeof value['private_key'] === 'string';
}

/** A mapping of connections by key, whatever its file is called. */
function isProfiles(value: unknown): boolean {
  if (!isMapping(value)) return false;
  return Object.values(value).some(
    (entry) => isMapping(entry) && 'host' in entry && ('password' in entry || 'user' in entry),
  );
}
