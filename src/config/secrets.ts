import type { LoadedConfig } from './document.js';
import type { ConfigPath, Problem } from './problems.js';
import { isMapping } from './values.js';

/** `${env:NAME}` or `${file:path}`, and nothing else. */
const externalReference = /^\$\{(env|file|secret):[^}]+\}$/;
const secretKey =
  /^(pass(word|wd|phrase)?|pwd|secret.*|.*_secret|.*token|private_key|api_?key|credentials?)$/i;

/** Parameters of a source that say how to connect, in place of a profile. */
export const connectionAttributes = [
  'host',
  'port',
  'database',
  'user',
  'password',
  'sslmode',
  'sslrootcert',
] as const;

/** True at an attribute of a connection: there `${env:…}` and `${file:…}` may stand. */
export function isConnectionPath(path: ConfigPath): boolean {
  const [list, , parameters, key] = path;
  const isParameter = list === 'sources' && parameters === 'parameters' && path.length === 4;
  return isParameter && connectionAttributes.some((attribute) => attribute === key);
}

/** True where a value may be a secret: messages never show it. */
export function isSecretPath(path: ConfigPath): boolean {
  return path.some((key) => typeof key === 'string' && secretKey.test(key));
}

/** Passwords that stand in a config in plain text. Takes the raw value, before arguments. */
export function inlineSecrets(loaded: LoadedConfig): Problem[] {
  return literals(loaded.value, []).map((path) =>
    loaded.problem(
      path,
      'a secret may not stand in a config; write `${env:NAME}`, `${file:path}` or ' +
        '`${secret:projects/P/secrets/S/versions/V}` in its place, or use `profile` with a connection profile',
    ),
  );
}

function literals(value: unknown, path: ConfigPath): ConfigPath[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => literals(item, [...path, index]));
  if (isMapping(value)) {
    return Object.entries(value).flatMap(([key, item]) => literals(item, [...path, key]));
  }
  const key = path.at(-1);
  const isParameter = path[2] === 'parameters' && path.length === 4;
  if (!isParameter || typeof key !== 'string' || !secretKey.test(key)) return [];
  if (value === null || value === '' || typeof value === 'boolean') return [];
  return typeof value === 'string' && externalReference.test(value) ? [] : [path];
}
