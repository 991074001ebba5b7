import { parseArgs } from 'node:util';
import { eventsModes, type EmulatorOptions } from './state/options.js';

/** Thrown when the emulator's command line is wrong; the message begins with the option at fault. */
export class ArgumentsInvalid extends Error {
  override readonly name = 'ArgumentsInvalid';
}

interface Flag {
  /** Placeholder of the value; a flag without one is a switch. */
  value?: string;
  many?: boolean;
  about: string;
}

/** The emulator's options, which `beamline emulator` has as well. */
export const flags = {
  folder: { value: 'dir', about: 'where jobs, logs and secrets are kept' },
  host: { value: 'host', about: 'where to listen; default 127.0.0.1' },
  'grpc-port': { value: 'port', about: 'of gRPC; 0 is a free one' },
  'http-port': { value: 'port', about: 'of REST, the pages and the secrets; 0 is a free one' },
  events: { value: 'url', many: true, about: 'is sent every change of state; may be repeated' },
  'events-mode': { value: 'mode', about: `how: ${eventsModes.join(', ')}` },
  'events-token': { value: 'token', about: 'sent to them as a bearer token' },
  storage: { value: 'url', about: 'Cloud Storage emulator; default $STORAGE_EMULATOR_HOST' },
  'queued-ms': { value: 'ms', about: 'how long a job is QUEUED; default 200' },
  'pending-ms': { value: 'ms', about: 'how long a job is PENDING; default 200' },
  'cancel-grace-ms': { value: 'ms', about: 'from SIGTERM to SIGKILL; default 10000' },
  'list-queued': { about: 'lists show QUEUED jobs, which the service’s do not' },
  'list-labels': { about: 'lists show labels, which the service does not promise' },
  faults: { value: 'file', about: 'JSON list of faults' },
  secrets: { value: 'file', about: 'JSON of secrets' },
  cwd: { value: 'dir', about: 'working directory of the jobs’ command' },
  'exit-with-parent': { about: 'end when standard input closes' },
} as const satisfies Record<string, Flag>;
export type FlagName = keyof typeof flags;

/** What was given of each flag. */
export type FlagValues = Partial<Record<FlagName, string | boolean | string[]>>;

/** Reads the command line of `main.ts`; the command of the jobs stands after `--`. */
export function parseArguments(args: string[]): { values: FlagValues; command: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries<Flag>(flags).map(([name, { value, many = false }]) => [
          name,
          { type: value === undefined ? 'boolean' : 'string', multiple: many },
        ]),
      ),
    });
    return { values, command: positionals };
  } catch (error) {
    throw new ArgumentsInvalid((error as Error).message);
  }
}

/** @throws {@link ArgumentsInvalid} */
export function emulatorOptions(values: FlagValues, command: string[]): EmulatorOptions {
  const text = (name: FlagName) => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const number = (name: FlagName) => {
    const value = text(name);
    if (value === undefined || /^\d+$/.test(value)) return value && Number(value);
    throw new ArgumentsInvalid(`--${name} must be a whole number; it is ${value}`);
  };
  const folder = text('folder');
  if (folder === undefined) throw new ArgumentsInvalid('--folder is missing');
  const mode = text('events-mode') ?? 'binary';
  const eventsMode = eventsModes.find((known) => known === mode);
  if (eventsMode === undefined) {
    throw new ArgumentsInvalid(`--events-mode must be one of ${eventsModes.join(', ')}`);
  }
  const events = [values.events ?? []].flat().map(String);
  for (const url of events) {
    if (!URL.canParse(url)) throw new ArgumentsInvalid(`--events must be a URL; it is ${url}`);
  }
  const optional = {
    host: text('host'),
    grpcPort: number('grpc-port'),
    httpPort: number('http-port'),
    queuedMs: number('queued-ms'),
    pendingMs: number('pending-ms'),
    cancelGraceMs: number('cancel-grace-ms'),
    eventsToken: text('events-token'),
    secretsFile: text('secrets'),
    faultsFile: text('faults'),
    storage: text('storage'),
    cwd: text('cwd'),
    command: command.length === 0 ? undefined : command,
  };
  return {
    folder,
    events,
    eventsMode,
    listQueued: values['list-queued'] === true,
    listLabels: values['list-labels'] === true,
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Partial<EmulatorOptions>),
  };
}
