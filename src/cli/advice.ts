import { failureTypes, type FailureType } from '../shared/failure-types.js';
import { shellCommand, shellPath, shellWord } from './shell-command.js';

/** What a person can do about a failure. */
export interface Advice {
  /** Whether another attempt can help. */
  retry: string;
  /** What to type next. */
  next: string;
}

/** The run that failed. */
export interface Subject {
  runKey: string;
  config: string;
  /** Path of the connection profiles that it was given, if it was not the one found by itself. */
  profiles?: string | undefined;
  runner?: 'local' | 'dataflow' | undefined;
  /** Values of the config's arguments. */
  args?: Record<string, unknown> | undefined;
}

/** Advice for a failure of one of our types, or of an end that is none. */
export function adviceOf(type: string, subject: Subject): Advice {
  const known = Object.hasOwn(failureTypes, type) ? (type as FailureType) : undefined;
  const advice = known === undefined ? adviceForEnd(type) : byType[known];
  return { retry: advice.retry, next: advice.next(subject) };
}

interface Rule {
  retry: string;
  next: (subject: Subject) => string;
}

const rerun = ({ runKey }: Subject): string => shellCommand(`rerun ${runKey}`);
const logs = ({ runKey }: Subject): string => shellCommand(`logs ${runKey}`);
const runAgain = (run: Subject): string =>
  shellCommand(`run ${shellPath(run.config)}${runnerOf(run)}${profileOf(run)}${argsOf(run)}`);
const validate = (run: Subject): string =>
  shellCommand(`validate ${shellPath(run.config)}${profileOf(run)}${argsOf(run)}`);
const testConnections = (run: Subject): string =>
  shellCommand(`connections test --config ${shellPath(run.config)}${profileOf(run)}`);

function runnerOf({ runner }: Subject): string {
  return runner === 'dataflow' ? ' --runner dataflow' : '';
}

function profileOf({ profiles }: Subject): string {
  return profiles === undefined ? '' : ` --profile ${shellPath(profiles)}`;
}

function argsOf({ args = {} }: Subject): string {
  return Object.entries(args)
    .map(([name, value]) => ` --arg ${shellWord(`${name}=${String(value)}`)}`)
    .join('');
}

const byType: Record<FailureType, Rule> = {
  ConfigError: {
    retry: 'will not help until the config, an argument or a profile is changed',
    next: (run) => `${validate(run)}, then ${runAgain(run)}`,
  },
  SqlError: {
    retry: 'will not help until the SQL is changed',
    next: (run) => `correct the SQL, then ${runAgain(run)}`,
  },
  DataError: {
    retry: 'will not help until the data or the config is changed',
    next: (run) => `correct the data, then ${rerun(run)}; or the config, then ${runAgain(run)}`,
  },
  AuthenticationError: {
    retry: 'will not help until the user, the password or the database is right',
    next: (run) => `${testConnections(run)}, then ${rerun(run)}`,
  },
  PermissionDenied: {
    retry: 'will not help until the permission is given',
    next: (run) => `give the permission, then ${rerun(run)}`,
  },
  StorageFull: {
    retry: 'will not help until there is space',
    next: (run) => `make space, then ${rerun(run)}`,
  },
  ConnectionLost: {
    retry: 'was tried; another may help when the server answers again',
    next: (run) => `${testConnections(run)}, then ${rerun(run)}`,
  },
  BeamCrashed: {
    retry: 'was tried; another may help if memory was short',
    next: (run) => `${logs(run)}, then ${rerun(run)}`,
  },
  BeamStalled: {
    retry: 'was tried; another may help if the machine was busy or paused',
    next: (run) => `${logs(run)}, then ${rerun(run)}`,
  },
  PublisherCrashed: {
    retry: 'was tried; another may help if memory was short',
    next: rerun,
  },
  WorkerShutdown: { retry: 'may help: a worker must be there', next: rerun },
  DataflowUnavailable: {
    retry: 'was tried; another may help when Dataflow answers again',
    next: rerun,
  },
  LaunchRefused: {
    retry: 'will not help until the option, the permission or the API is right',
    next: (run) => `correct it, then ${runAgain(run)}`,
  },
  LaunchConflict: {
    retry: 'may help when the other job has ended',
    next: (run) => `look at that job, then ${rerun(run)}`,
  },
  JobFailed: {
    retry: 'may help if the cause has passed',
    next: (run) => `${shellCommand(`explain ${run.runKey}`)}, then ${rerun(run)}`,
  },
  JobLost: { retry: 'may help: it launches another job', next: rerun },
  ObjectStoreRefused: {
    retry: 'will not help until the bucket or the permission is right',
    next: (run) => `correct it, then ${rerun(run)}`,
  },
  AuditFailed: {
    retry: 'will not help until the data or the config is changed',
    next: (run) => `look at the steps, then ${rerun(run)} or ${runAgain(run)}`,
  },
  DestinationBusy: {
    retry: 'may help when the other process has closed the destination',
    next: (run) => `close it there, or raise \`destination_wait\`, then ${rerun(run)}`,
  },
  WindowCommitted: {
    retry: 'will not help: the rows of the window are there',
    next: (run) => `if they shall be there twice, ${runAgain(run)} with --again`,
  },
  VersionTaken: { retry: 'may help: it starts from the newer version', next: rerun },
  StoreUnavailable: {
    retry: "may help when a worker of the run's store is there",
    next: (run) => `start it, then ${rerun(run)}`,
  },
  RunEnded: { retry: 'may help: the run had been stopped before', next: rerun },
  InternalError: {
    retry: 'was tried; this is most likely a defect of Beamline: please report it',
    next: logs,
  },
};

function adviceForEnd(type: string): Rule {
  switch (type) {
    case 'DeadlineExceeded':
      return {
        retry: 'may help if it was slow this once',
        next: (run) => `raise \`timeout\` and ${runAgain(run)}, or ${rerun(run)}`,
      };
    case 'WorkerLost':
      return { retry: 'may help when a worker lives', next: rerun };
    case 'Terminated':
    case 'TimedOut':
      return { retry: 'may help: the run was stopped from outside', next: rerun };
    default:
      return { retry: 'may help', next: rerun };
  }
}
