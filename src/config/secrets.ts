import type { LoadedConfig } from './document.js';
import type { ConfigPath, Problem } from './problems.js';
import { isMapping } from './values.js';

/** `${env:NAME}` or `${file:path}`, and nothing else. */
const externalReference = /^\$\{(env|file):[^}]+\}$/;
const secretKey =
  /^(pass(word|wd|phrase)?|pwd|secret.*|.*_secret|.*token|private_key|api_?key|credentials?)$/i;

/** The mapping of a step's parameters that holds the attributes of a connection. */
const connectionKey = 'connection';

/** True inside the attributes of a connection: there `${env:…}` and `${file:…}` may stand. */
export function isConnectionPath(path: ConfigPath): boolean {
  return path.length > 4 && path[2] === 'parameters' && path[3] === connectionKey;
}

/** True where a value may be a secret: messages never show it. */
export function isSecretPath(path: ConfigPath): boolean {
  return (
    (path[2] === 'parameters' && path[3] === connectionKey) ||
    path.some((key) => typeof key === 'string' && secretKey.test(key))
  );
}

/** Passwords that stand in a config in plain text. Takes the raw value, before arguments. */
export function inlineSecrets(loaded: LoadedConfig): Problem[] {
  return literals(loaded.value, []).map((path) =>
    loaded.problem(
      path,
      'a secret may not stand in a config; write `${env:NAME}` or `${file:path}` in its place, ' +
        'or use `profile` with a connection profile',
    ),
  );
}

function literals(value: unknown, path: ConfigPath): ConfigPath[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => literals(item, [...path, index]));
  if (isMapping(value)) {
    return Object.entries(value).flatMap(([key, item]) => literals(item, [...path, key]));
  }
  const key = path.at(-1);
  const isParameter = path[2] === 'parameters' && (path.length === 4 || isConnectionPath(path));
  if (!isParameter || typeof key !== 'string' || !secretKey.test(key)) return [];
  if (value === null || value === '' || typeof value === 'boolean') return [];
  return typeof value === 'string' && externalReference.test(value) ? [] : [path];
}
