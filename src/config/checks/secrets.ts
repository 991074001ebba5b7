import { optionsOf } from '../../runners/registry.js';
import type { LoadedConfig } from '../document/document.js';
import type { ConfigPath } from '../values/config-path.js';
import type { Problem } from '../document/problems.js';
import { isMapping } from '../values/values.js';

/** `${env:NAME}`, `${file:path}` or `${secret:…}`, and nothing else. */
const externalReference = /^\$\{(env|file|secret):[^{}]+\}$/;
/**
 * A version of a secret in Secret Manager, by its resource name
 * (https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions).
 */
const secretName = /^projects\/[^/\s{}]+\/secrets\/[\w-]{1,255}\/versions\/[\w-]+$/;
/** How to write a reference to a secret. */
export const secretForm = '${secret:projects/PROJECT/secrets/NAME/versions/latest}';

/** References to secrets in a text that name no version of a secret. */
export function badSecretReferences(text: string): string[] {
  return [...text.matchAll(/\$\{secret:([^{}]*)\}/g)].flatMap(([reference, name = '']) =>
    secretName.test(name) ? [] : [reference],
  );
}
const secretKey =
  /^(pass(word|wd|phrase)?|pwd|secret.*|.*_secret|.*token|private_key|api_?key|credentials?)$/i;

const postgresFiles = ['sslrootcert', 'sslcert', 'sslkey'] as const;
const mysqlFiles = ['ssl_ca', 'ssl_cert', 'ssl_key'] as const;
/** Attributes of a connection that name a file with a certificate or a key, or hold its text. */
export const certificateAttributes = [...postgresFiles, ...mysqlFiles] as const;
/** How PostgreSQL's clients name what TLS needs. */
export const postgresTls = ['sslmode', ...postgresFiles] as const;
/** How MySQL's clients do. */
export const mysqlTls = ['ssl_mode', ...mysqlFiles] as const;
/** Attributes of a connection that may hold a private key. */
export const tlsKeys = ['sslkey', 'ssl_key'] as const;

/** Parameters of a source that say how to connect, in place of a profile. */
export const connectionAttributes = [
  'host',
  'port',
  'database',
  'user',
  'password',
  ...postgresTls,
  ...mysqlTls,
] as const;

/** True at an attribute of a connection: there `${env:…}`, `${file:…}`, `${secret:…}` may stand. */
export function isConnectionPath(path: ConfigPath): boolean {
  const [list, , parameters, key] = path;
  const isParameter = list === 'sources' && parameters === 'parameters' && path.length === 4;
  return isParameter && connectionAttributes.some((attribute) => attribute === key);
}

/** Neither a reference nor the text of a certificate or key. */
export function isCertificatePath(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('${') && !value.includes('-----BEGIN ');
}

/** True where a value may be a secret: messages never show it. */
export function isSecretPath(path: ConfigPath): boolean {
  return path.some((key) => typeof key === 'string' && secretKey.test(key));
}

/**
 * Whether this is a secret in plain text, judged by its key: of any file, where {@link inlineSecrets}
 * judges the parameters of a config.
 */
export function isPlainSecret(path: ConfigPath, value: unknown): boolean {
  const key = path.at(path.at(-1) === 'default' ? -2 : -1);
  const isSecret = typeof key === 'string' && secretKey.test(key);
  return isSecret && typeof value === 'string' && value !== '' && !externalReference.test(value);
}

/** Passwords that stand in a config in plain text. Takes the raw value, before arguments. */
export function inlineSecrets(loaded: LoadedConfig): Problem[] {
  const { value } = loaded;
  const runner = isMapping(value) ? value['runner'] : undefined;
  const isForJob = typeof runner === 'string' && optionsOf(runner).isRemote === true;
  return literals(value, []).map((path) => loaded.problem(path, inlineAdvice(isForJob)));
}

/** What a job on Dataflow resolves is `${secret:…}` only; the runner may also be named elsewhere. */
function inlineAdvice(isForJob: boolean): string {
  const here = isForJob ? '' : ' (or, for the local runner only, `${env:NAME}` or `${file:path}`)';
  return (
    `a secret may not stand in a config; write \`${secretForm}\`${here} in its place, ` +
    'or use `profile` with a connection profile'
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
