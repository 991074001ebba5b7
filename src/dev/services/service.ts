import { closeSync, createWriteStream, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from '../../process/child.js';
import { readJsonLines } from '../../process/json-lines.js';

export interface ServiceOptions {
  name: string;
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Gets standard output and standard error. */
  logFile: string;
  /** Folder in which the process is recorded while it lives, for a later start to find. */
  records: string;
  /**
   * True if the command ends by itself when its standard input closes, and prints nothing but events,
   * which stay out of the log: there may be a password in them.
   */
  talks?: boolean;
  /** Gets each line of standard output that is JSON. */
  onEvent?: (event: unknown) => void;
  /** Resolves when the service can be used. */
  ready: (signal: AbortSignal) => Promise<unknown>;
  /** Milliseconds to wait for `ready`. */
  readyWithinMs: number;
  /** When aborted before the service is ready, it is stopped again. */
  signal: AbortSignal;
}

export interface Service {
  name: string;
  pid: number;
  logFile: string;
  /** Says how it ended, if it ended without {@link stop}. */
  ended: Promise<string>;
  /** SIGTERM, and after `graceMs` SIGKILL to the whole process group. */
  stop(graceMs?: number): Promise<void>;
}

/** Thrown when a service of the local stack did not start; the message ends with its log's last lines. */
export class ServiceFailed extends Error {
  override readonly name = 'ServiceFailed';
}

/**
 * Ends the command when standard input closes, which happens however this process ends: a service
 * cannot outlive its stack. The command gets each signal once, and its exit code is passed on.
 */
const whileParentLives = `
exec 3<&0
"$@" </dev/null 3<&- & child=$!
trap 'kill -TERM $child' TERM INT HUP
{ cat <&3 >/dev/null; kill -TERM $child; } 2>/dev/null & watch=$!
wait $child; code=$?
while kill -0 $child 2>/dev/null; do wait $child; code=$?; done
kill $watch 2>/dev/null
exit $code
`;

/** Starts a service in a process group of its own and waits until it can be used. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { name, logFile } = options;
  options.signal.throwIfAborted();
  mkdirSync(dirname(logFile), { recursive: true });
  const command = [options.command, ...options.args];
  const [program = '', ...args] = options.talks
    ? command
    : ['sh', '-c', whileParentLives, name, ...command];
  const log = openSync(logFile, 'a');
  const child = new Child({
    command: program,
    args,
    cwd: options.cwd,
    env: options.env,
    stderr: log,
  });
  closeSync(log);
  readJsonLines(
    child.stdout,
    (event) => options.onEvent?.(event),
    () => undefined, // In the log.
  );
  if (!options.talks) {
    const text = createWriteStream(logFile, { flags: 'a' });
    text.on('error', () => undefined); // A full disk must not end the stack.
    child.stdout.pipe(text);
  }
  try {
    await child.record(options.records);
  } catch (error) {
    throw new ServiceFailed(
      `${name} did not start: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
  const service: Service = {
    name,
    pid: child.pid ?? 0,
    logFile,
    ended: endOf(child),
    stop: (graceMs = 10_000) => child.stop(graceMs),
  };
  await untilReady(service, options);
  return service;
}

async function endOf(child: Child): Promise<string> {
  const { exitCode, signal } = await child.ended;
  await child.gone();
  return exitCode === null ? `ended by ${signal}` : `ended with code ${exitCode}`;
}

/** The last lines of a log, indented, for an error message. */
export function lastLines(logFile: string, count = 12): string {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  return lines
    .slice(-count)
    .map((line) => `    ${line}`)
    .join('\n');
}

async function untilReady(
  service: Service,
  { ready, readyWithinMs, signal }: ServiceOptions,
): Promise<void> {
  const giveUp = new AbortController();
  const aborted = () => giveUp.abort();
  signal.addEventListener('abort', aborted, { once: true });
  const late = sleep(readyWithinMs, `not ready after ${readyWithinMs / 1000} s`, {
    signal: giveUp.signal,
  }).catch(() => 'stopped before it was ready');
  try {
    const problem = await Promise.race([
      ready(giveUp.signal).then(() => null),
      service.ended,
      late,
    ]);
    if (problem === null) return;
    await service.stop();
    signal.throwIfAborted();
    throw new ServiceFailed(
      `${service.name}: ${problem}. The end of ${service.logFile}:\n${lastLines(service.logFile)}`,
    );
  } finally {
    signal.removeEventListener('abort', aborted);
    giveUp.abort();
  }
}
