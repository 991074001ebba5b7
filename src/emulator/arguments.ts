import { parseArgs } from 'node:util';
import { eventsModes, type EmulatorOptions } from './options.js';

/** Thrown when the emulator's command line is wrong; the message begins with the option at fault. */
export class ArgumentsInvalid extends Error {
  override readonly name = 'ArgumentsInvalid';
}

/** The emulator's command line; `docs/emulator.md` describes each option. */
export function emulatorOptions(args: string[]): EmulatorOptions & { exitWithParent: boolean } {
  const { values, positionals } = parse(args);
  if (values.folder === undefined) throw new ArgumentsInvalid('--folder is missing');
  const mode = eventsModes.find((known) => known === values['events-mode']);
  if (mode === undefined) {
    throw new ArgumentsInvalid(`--events-mode must be one of ${eventsModes.join(', ')}`);
  }
  for (const url of values.events) {
    if (!URL.canParse(url)) throw new ArgumentsInvalid(`--events must be a URL; it is ${url}`);
  }
  return {
    folder: values.folder,
    exitWithParent: values['exit-with-parent'],
    events: values.events,
    eventsMode: mode,
    listQueued: values['list-queued'],
    listLabels: values['list-labels'],
    ...number(values['grpc-port'], 'grpc-port', 'grpcPort'),
    ...number(values['http-port'], 'http-port', 'httpPort'),
    ...number(values['queued-ms'], 'queued-ms', 'queuedMs'),
    ...number(values['pending-ms'], 'pending-ms', 'pendingMs'),
    ...number(values['cancel-grace-ms'], 'cancel-grace-ms', 'cancelGraceMs'),
    ...(values['events-token'] === undefined ? {} : { eventsToken: values['events-token'] }),
    ...(values.secrets === undefined ? {} : { secretsFile: values.secrets }),
    ...(values.faults === undefined ? {} : { faultsFile: values.faults }),
    ...(values.storage === undefined ? {} : { storage: values.storage }),
    ...(values.cwd === undefined ? {} : { cwd: values.cwd }),
    ...(positionals.length === 0 ? {} : { command: positionals }),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        folder: { type: 'string' },
        'grpc-port': { type: 'string' },
        'http-port': { type: 'string' },
        events: { type: 'string', multiple: true, default: [] },
        'events-mode': { type: 'string', default: 'binary' },
        'events-token': { type: 'string' },
        'queued-ms': { type: 'string' },
        'pending-ms': { type: 'string' },
        'cancel-grace-ms': { type: 'string' },
        'list-queued': { type: 'boolean', default: false },
        'list-labels': { type: 'boolean', default: false },
        storage: { type: 'string' },
        secrets: { type: 'string' },
        faults: { type: 'string' },
        cwd: { type: 'string' },
        'exit-with-parent': { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new ArgumentsInvalid((error as Error).message);
  }
}

function number<Key extends string>(
  text: string | undefined,
  option: string,
  key: Key,
): Partial<Record<Key, number>> {
  if (text === undefined) return {};
  if (!/^\d+$/.test(text)) throw new ArgumentsInvalid(`--${option} must be a whole number`);
  return { [key]: Number(text) } as Record<Key, number>;
}
