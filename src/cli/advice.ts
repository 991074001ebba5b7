import { failureTypes, type FailureType } from '../shared/failure-types.js';
import { configWords, type StartedWith } from './run-words.js';
import { commandOf } from './shell-command.js';

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
  started: StartedWith;
  /**
   * What it published in part and what it staged is there: only `rerun` brings the rest, and brings
   * nothing twice.
   */
  hasLeft?: boolean | undefined;
  /** It appended rows, or may have: they would be there twice. */
  hasAppended?: boolean | undefined;
  /** An earlier run, whose rows were to be published first and could not be. */
  earlierRun?: string | undefined;
  /** Its config was checked and pinned before it failed. */
  isPinned?: boolean | undefined;
  /** It was to publish only what another run had left. */
  completes?: boolean | undefined;
}

/** Advice for a failure of one of our types, or of an end that is none. */
export function adviceOf(type: string, subject: Subject): Advice {
  const known = Object.hasOwn(failureTypes, type) ? (type as FailureType) : undefined;
  const advice = known === undefined ? adviceForEnd(type) : byType[known];
  const { retry } = advice;
  if (known === 'NewerCommitted') return { retry, next: nextBehindNewer(subject) };
  const isPart = (subject.hasLeft === true || subject.completes === true) && subject.hasAppended;
  return { retry, next: isPart === true ? nextOfPart(subject, advice) : advice.next(subject) };
}

/** What to type once the config is changed: `rerun` repeats the plan as it was pinned. */
export function nextOfChanged(subject: Subject): string {
  const isPart = (subject.hasLeft === true || subject.completes === true) && subject.hasAppended;
  return isPart === true ? rerun(subject) : runAgain(subject);
}

/** A run of the config would append again what is in: only `rerun` publishes the rest alone. */
function nextOfPart(subject: Subject, { next }: Rule): string {
  const whole = next(subject);
  return whole.includes(runAgain(subject)) || whole.includes(validate(subject))
    ? `remove the cause, then ${rerun(subject)}, which publishes the rest`
    : whole;
}

/** The rows that an earlier run left are older than those that are there. */
function nextBehindNewer(subject: Subject): string {
  const { earlierRun, hasAppended, runKey } = subject;
  if (hasAppended !== true && earlierRun === undefined) return runAgain(subject);
  const anyway = commandOf('rerun', earlierRun ?? runKey, '--over-newer');
  return `if the rows are missing there, ${anyway}`;
}

interface Rule {
  retry: string;
  next: (subject: Subject) => string;
}

const rerun = ({ runKey }: Subject): string => commandOf('rerun', runKey);
const logs = ({ runKey }: Subject): string => commandOf('logs', runKey);
const runAgain = ({ started, hasAppended }: Subject): string => {
  // What was asked of the run that has appended must not be asked again without a thought.
  const options = hasAppended === true ? { ...started.options, again: undefined } : started.options;
  return commandOf(...configWords('run', { ...started, options }, 'run'));
};
const validate = ({ started }: Subject): string =>
  commandOf(...configWords('validate', started, 'config'));
const testConnections = ({ started: { file, options } }: Subject): string => {
  const profile = options['profile'];
  const named = typeof profile === 'string' ? ['--profile', profile] : [];
  return commandOf('connections', 'test', '--config', file, ...named);
};

const byType: Record<FailureType, Rule> = {
  ConfigError: {
    retry: 'will not help until the config, an argument or a profile is changed',
    // What was pinned had passed every check that `validate` knows.
    next: (run) => `${run.isPinned === true ? 'correct it' : validate(run)}, then ${runAgain(run)}`,
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
    next: (run) => `${commandOf('explain', run.runKey)}, then ${rerun(run)}`,
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
    retry: 'will not help: the rows of the window, or of a later one, are there',
    next: ({ runKey, completes }) => {
      const how = completes === true ? '--over-newer' : '--again';
      return `if they shall be published all the same, ${commandOf('rerun', runKey, how)}`;
    },
  },
  NewerCommitted: {
    retry: 'will not help: newer rows are there',
    next: runAgain,
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
