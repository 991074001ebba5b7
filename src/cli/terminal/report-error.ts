import { CommanderError } from 'commander';
import { bad, hint as dimmed } from './colour.js';
import { CliError, exitCodes, type ExitCode } from './errors.js';
import { note, printJson } from './output.js';
import { shellCommand } from './shell-command.js';
import { counted } from '../../shared/counts.js';

/** Tells the person (or with `--json` the program) what went wrong. Returns the exit code. */
export function reportError(
  error: unknown,
  { json, verbose }: { json: boolean; verbose: boolean },
): ExitCode {
  if (error instanceof CommanderError) {
    // Commander has printed its message; help and version are no errors.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.badInput;
  }
  const { message, hint, exitCode, type, problems } = describe(error);
  if (json)
    printJson({ error: { type, message, ...(problems === undefined ? {} : { problems }) } });
  else {
    const isList = problems !== undefined;
    note(`${isList ? '' : `${bad('error:')} `}${message}`);
    if (hint !== undefined) note(dimmed(hint));
  }
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  return exitCode;
}

/** Errors of the client, by name, and what to do about them. */
const hints = (): Record<string, { exitCode: ExitCode; hint: string }> => ({
  TemporalUnreachable: {
    exitCode: exitCodes.unreachable,
    hint: `Start the local stack with ${shellCommand('dev')}, or say where Temporal is: TEMPORAL_ADDRESS=host:port`,
  },
  RunNotFound: { exitCode: exitCodes.badInput, hint: `${shellCommand('list')} shows the runs.` },
  ReceiptNotFound: {
    exitCode: exitCodes.failed,
    hint: `${shellCommand('status RUN')} and ${shellCommand('logs RUN')} say more.`,
  },
  ScheduleNotFound: {
    exitCode: exitCodes.badInput,
    hint: `${shellCommand('schedule list')} shows the schedules.`,
  },
  ForeignSchedule: { exitCode: exitCodes.badInput, hint: 'Nothing was changed.' },
  CannotRerun: {
    exitCode: exitCodes.badInput,
    hint: `${shellCommand('receipt RUN')} shows what the run did.`,
  },
});

interface Described {
  message: string;
  hint?: string | undefined;
  exitCode: ExitCode;
  type: string;
  problems?: unknown;
}

function describe(error: unknown): Described {
  if (error instanceof CliError) {
    return { message: error.message, hint: error.hint, exitCode: error.exitCode, type: error.name };
  }
  const message = error instanceof Error ? error.message : String(error);
  const type = error instanceof Error ? error.name : 'Error';
  // By name: the classes belong to modules that are loaded only when they are needed.
  if (type === 'ConfigProblems') {
    const { problems = [] } = error as { problems?: readonly { file: string }[] };
    const files = new Set(problems.map(({ file }) => file)).size;
    const hint = `\n${counted(problems.length, 'problem')} in ${counted(files, 'file')}.`;
    return { message, hint, exitCode: exitCodes.badInput, type, problems };
  }
  if (type === 'CatalogueError') return { message, exitCode: exitCodes.unreachable, type };
  const all = hints();
  const known = Object.hasOwn(all, type) ? all[type] : undefined;
  if (known !== undefined) return { message, type, ...known };
  return {
    message: message.split('\n')[0] ?? message,
    hint: 'This was not expected. Run it again with --verbose for the whole error.',
    exitCode: exitCodes.failed,
    type,
  };
}
