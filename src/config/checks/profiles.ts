import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { demo, profilesName } from '../../shared/names.js';
import { loadConfig, type LoadedConfig } from '../document/document.js';
import { problemsOf } from './issues.js';
import { nearMiss, suggestion } from '../values/near-miss.js';
import type { Problem } from '../document/problems.js';
import { badSecretReferences, connectionAttributes, secretForm } from './secrets.js';
import type { Step } from '../envelope/steps.js';
import { isMapping, valueAt } from '../values/values.js';

/**
 * Loads the connection profiles that a config uses: the named file, else `.connections.json` beside
 * the config, else in the project root, else those of the demo if it uses no others; undefined if there
 * is none.
 * @param profile path as given by a person, relative to `root`
 * @throws `ConfigProblems` if the file is missing, malformed or no mapping of profiles
 */
export function loadProfiles(
  loaded: LoadedConfig,
  { root, profile }: { root: string; profile?: string | undefined },
): LoadedConfig | undefined {
  const json = true;
  if (profile !== undefined) return loadConfig(profile, { root, json });
  const found = findProfiles([dirname(loaded.path), root], usesDemoOnly(loaded) ? root : null);
  return found === undefined
    ? undefined
    : loadConfig(found, { root, json, file: relative(resolve(root), found) });
}

/**
 * The profiles of the first of these folders that has any.
 * @param demoRoot the project root whose demo's profiles will do as well; null if they will not
 */
export function findProfiles(
  folders: readonly string[],
  demoRoot: string | null,
): string | undefined {
  return [
    ...folders.map((folder) => join(folder, profilesName)),
    ...(demoRoot === null ? [] : [join(demoRoot, demo.profiles)]),
  ].find((path) => existsSync(path));
}

function usesDemoOnly({ value }: LoadedConfig): boolean {
  const steps = ['sources', 'transforms', 'sinks'].flatMap((key) => listAt(value, key));
  const used = steps.map((step) => valueAt(step, ['parameters', 'profile']));
  const named = used.filter((profile) => profile !== undefined);
  return named.length > 0 && named.every((profile) => profile === demo.profile);
}

function listAt(value: unknown, key: string): unknown[] {
  const found = valueAt(value, [key]);
  return Array.isArray(found) ? found : [];
}

/** The keys of the profiles. */
export function profileKeys(profiles: LoadedConfig): string[] {
  return isMapping(profiles.value) ? Object.keys(profiles.value) : [];
}

const postgresModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];
const mysqlModes = ['DISABLED', 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'];

/** One of these, in capitals or not, or a text with a reference, which is resolved where it is used. */
const modeOf = (modes: readonly string[]): z.ZodType<string | null | undefined> =>
  z
    .string()
    .refine(
      (text) =>
        text.includes('${') || modes.some((mode) => mode === text || mode === text.toUpperCase()),
      { error: ({ input }) => notOneOf(input, modes) },
    )
    .nullish();

/** Without the value: it may be a secret that stands in the wrong place. */
function notOneOf(got: unknown, allowed: readonly string[]): string {
  const near = nearMiss(String(got), allowed);
  return `must be one of ${allowed.join(', ')}${near === undefined ? '' : `; did you mean \`${near}\`?`}`;
}

/** Whether it is a port, or a text with a reference to one. */
function isPort(port: string | number): boolean {
  if (typeof port === 'string' && port.includes('${')) return true;
  const number = /^\d{1,5}$/.test(String(port).trim()) ? Number(port) : 0;
  return number >= 1 && number <= 65_535;
}

function portMessage(got: unknown): string {
  const what = typeof got === 'number' ? `\`${got}\`` : 'a text that is none';
  return `must be a port, a number from 1 to 65535, got ${what}`;
}

const plainText = z.string().nullish();

/** A profile, as the process that connects reads it; every text may hold references. */
const connectionProfile = z.strictObject({
  type: plainText,
  host: z.string().min(1),
  port: z
    .union([z.number(), z.string()])
    .refine(isPort, { error: ({ input }) => portMessage(input) })
    .nullish(),
  database: z.string().min(1),
  user: z.string().min(1),
  password: z.string().optional(),
  sslmode: modeOf(postgresModes),
  sslrootcert: z.string().nullish(),
  sslcert: z.string().nullish(),
  sslkey: z.string().nullish(),
  ssl_mode: modeOf(mysqlModes),
  ssl_ca: z.string().nullish(),
  ssl_cert: z.string().nullish(),
  ssl_key: z.string().nullish(),
});

/** @param types what a profile may say to be; without it, the server is asked */
function profileOfTypes(types: readonly string[]): typeof connectionProfile {
  const type = plainText.refine((given) => given == null || types.includes(given), {
    error: ({ input }) => notOneOf(input, types),
  });
  return connectionProfile.extend({ type });
}

/**
 * What is wrong with the profiles that the steps use, and with the file as a whole. Shows no value.
 * Other profiles of the file are not judged: they do not matter to this config.
 */
export function profileProblems(
  profiles: LoadedConfig,
  steps: readonly Step[],
  types: readonly string[],
): Problem[] {
  const { value } = profiles;
  if (!isMapping(value)) {
    return [profiles.problem([], 'must be a mapping: {"key": {"host": …, "port": …, …}}')];
  }
  const used = new Set(steps.map((step) => step.parameters['profile']));
  const profile = profileOfTypes(types);
  return profileKeys(profiles).flatMap((key) => {
    const result = profile.safeParse(value[key]);
    if (!used.has(key)) return [];
    if (result.success) return secretProblems(profiles, key, result.data);
    const schema = (): Record<string, unknown> => z.toJSONSchema(profile);
    const context = { loaded: profiles, value, base: [key], schema, secret: true };
    return problemsOf(result.error.issues, context);
  });
}

/** References to secrets of one profile that are written wrongly. */
function secretProblems(
  profiles: LoadedConfig,
  key: string,
  profile: z.infer<typeof connectionProfile>,
): Problem[] {
  return Object.entries(profile).flatMap(([attribute, text]) =>
    badSecretReferences(String(text)).map((reference) =>
      profiles.problem([key, attribute], `\`${reference}\` must be like \`${secretForm}\``),
    ),
  );
}

/** Sources that say both, or neither, of a profile and the attributes of a connection. */
export function connectionProblems(
  loaded: LoadedConfig,
  step: Step,
  properties: Record<string, unknown>,
): Problem[] {
  if (!('profile' in properties) || !('host' in properties)) return [];
  const isGiven = (key: string): boolean => (step.parameters[key] ?? null) !== null;
  const given = connectionAttributes.filter((key) => key in properties && isGiven(key));
  const { port } = step.parameters;
  if ((typeof port === 'number' || typeof port === 'string') && !isPort(port)) {
    return [loaded.problem([...step.path, 'parameters', 'port'], portMessage(port))];
  }
  const needed = ['host', 'database', 'user'].filter((key) => !isGiven(key));
  const path = [...step.path, 'parameters'];
  if (isGiven('profile')) {
    if (given.length === 0) return [];
    const message = `give \`profile\` or ${given.join(', ')}, not both`;
    return [loaded.problem([...path, 'profile'], message, 'key')];
  }
  if (given.length === 0) {
    const message = 'give `profile`, or `host`, `database`, `user` and `password`';
    return [loaded.problem(path, `${message} (source \`${step.name ?? ''}\`)`, 'key')];
  }
  return needed.map((key) =>
    loaded.problem([...path, key], `is required with ${given.join(', ')}, and missing`),
  );
}

/** Of the demo's connection, or of what is most likely meant for it: where that comes from. */
export function ofDemo(key: string): string | undefined {
  const near = nearMiss(key, [demo.profile]);
  if (near === undefined) return undefined;
  const what = key === near ? `\`${near}\` is` : `did you mean \`${near}\`,`;
  return `${what} the demo's connection, which \`make demo\` writes to ${demo.profiles}`;
}

/**
 * Steps that name a profile which is not there.
 * @param required whether a config that names profiles needs the file; else they are not checked
 */
export function unknownProfiles(
  loaded: LoadedConfig,
  steps: readonly Step[],
  { profiles, required }: { profiles: LoadedConfig | undefined; required: boolean },
): Problem[] {
  return steps.flatMap((step) => {
    const key = step.parameters['profile'];
    if (typeof key !== 'string') return [];
    const path = [...step.path, 'parameters', 'profile'];
    if (profiles === undefined) {
      const advice =
        ofDemo(key) ??
        `put a ${profilesName} beside the config or in the project root, or name the file with --profile`;
      const message = `there are no connection profiles to find \`${key}\` in: ${advice}`;
      return required ? [loaded.problem(path, message)] : [];
    }
    const keys = profileKeys(profiles);
    if (keys.includes(key)) return [];
    const missing = `no profile is named \`${key}\` in ${profiles.file}`;
    const near = nearMiss(key, keys) === undefined ? ofDemo(key) : undefined;
    const message =
      near === undefined ? `${missing}${suggestion(key, keys)}` : `${missing}; ${near}`;
    return [loaded.problem(path, message)];
  });
}
