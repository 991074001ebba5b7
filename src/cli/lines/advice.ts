import type { FailureType } from '../../shared/failure-types.js';
import type { outcomeFailureTypes } from '../../shared/run/receipt.js';
import { configWords, type StartedWith } from '../options/run-words.js';
import { commandOf } from '../terminal/shell-command.js';

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
  /** Its config was checked and pinned before it failed; false: there is no plan to run again. */
  isPinned?: boolean | undefined;
  /** It was to publish only what another run had left. */
  completes?: boolean | undefined;
}

/** Advice for a failure of one of our types, or of an end that is none. */
export function adviceOf(type: string, subject: Subject): Advice {
  const rule = Object.hasOwn(rules, type) ? rules[type as keyof typeof rules] : ofAnyOther;
  return { retry: rule.retry, next: nextOf(rule, subject) };
}

/** What to type once the config is changed: `rerun` repeats the plan as it was pinned. */
export function nextOfChanged(subject: Subject): string {
  return isPartlyAppended(subject) ? rerun(subject) : runAgain(subject);
}

/** What to do, in words or as a command; empty where there is nothing but to try again. */
type Deed = string | ((run: Subject) => string);

/**
 * What mends a failure, and thereby what to type: `rerun` takes the config as it was pinned, so that it is
 * offered only where something beside the config helps, and `run` only where the config does.
 */
export type Rule = { retry: string } & (
  | { config: Deed; outside?: never }
  | { outside: Deed; config?: Deed }
  /** Neither: what helps is an option, or nothing does. */
  | { next: (run: Subject) => string; config?: never; outside?: never }
);

function nextOf(rule: Rule, subject: Subject): string {
  if ('next' in rule) return rule.next(subject);
  if (rule.config !== undefined && isPartlyAppended(subject)) {
    return `remove the cause, then ${rerun(subject)}, which publishes the rest`;
  }
  const { config, outside } = rule;
  const again = subject.isPinned === false ? runAgain(subject) : rerun(subject);
  return [
    ...(outside === undefined ? [] : [steps(outside, again, subject)]),
    ...(config === undefined ? [] : [steps(config, runAgain(subject), subject)]),
  ].join('; or ');
}

function steps(deed: Deed, command: string, subject: Subject): string {
  const first = typeof deed === 'string' ? deed : deed(subject);
  return first === '' ? command : `${first}, then ${command}`;
}

/** A run of the config would append again what is in: only `rerun` publishes the rest alone. */
function isPartlyAppended({ hasLeft, completes, hasAppended }: Subject): boolean {
  return (hasLeft === true || completes === true) && hasAppended === true;
}

/** The rows that an earlier run left are older than those that are there. */
function nextBehindNewer(subject: Subject): string {
  const { earlierRun, hasAppended, runKey } = subject;
  if (hasAppended !== true && earlierRun === undefined) return runAgain(subject);
  const anyway = commandOf('rerun', earlierRun ?? runKey, '--over-newer');
  return `if the rows are missing there, ${anyway}`;
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

/** Ends of a run that are no failure of its own. */
type End =
  | (typeof outcomeFailureTypes)[keyof typeof outcomeFailureTypes]
  | 'Cancelled'
  | 'Terminated'
  | 'TimedOut'
  | 'WorkerLost';

const ofAnyOther: Rule = { retry: 'may help', outside: '' };

/** Every failure type and every end. */
export const rules: Readonly<Record<FailureType | End, Rule>> = {
  ConfigError: {
    retry: 'will not help until the config or an argument is changed',
    // What was pinned had passed every check that `validate` knows.
    config: (run) => (run.isPinned === true ? 'correct it' : validate(run)),
  },
  ResourceError: {
    retry: 'will not help until what is named is there, and is right',
    outside: 'mend that',
    config: 'name another in the config',
  },
  SqlError: {
    retry: 'will not help until the SQL, or what it names, is changed',
    config: 'correct the SQL, or make what it names',
  },
  DataError: {
    retry: 'will not help until the data or the config is changed',
    outside: 'correct the data',
    config: 'the config',
  },
  AuthenticationError: {
    retry: 'will not help until the user, the password or the database is right',
    outside: testConnections,
  },
  PermissionDenied: {
    retry: 'will not help until the permission is given',
    outside: 'give the permission',
  },
  StorageFull: { retry: 'will not help until there is space', outside: 'make space' },
  ConnectionLost: {
    retry: 'was tried; another may help when the server answers again',
    outside: testConnections,
  },
  BeamCrashed: { retry: 'was tried; another may help if memory was short', outside: logs },
  BeamStalled: {
    retry: 'was tried; another may help if the machine was busy or paused',
    outside: logs,
  },
  PublisherCrashed: { retry: 'was tried; another may help if memory was short', outside: '' },
  WorkerShutdown: { retry: 'may help: a worker must be there', outside: '' },
  DataflowUnavailable: {
    retry: 'was tried; another may help when Dataflow answers again',
    outside: '',
  },
  LaunchRefused: {
    retry: 'will not help until the option, the permission or the API is right',
    outside: 'give the permission or enable the API',
    config: 'correct the option',
  },
  LaunchConflict: {
    retry: 'may help when the other job has ended',
    outside: 'look at that job',
  },
  JobFailed: {
    retry: 'may help if the cause has passed',
    outside: (run) => commandOf('explain', run.runKey),
  },
  JobLost: { retry: 'may help: it launches another job', outside: '' },
  ObjectStoreRefused: {
    retry: 'will not help until the bucket or the permission is right',
    outside: 'correct it',
  },
  AuditFailed: {
    retry: 'will not help until the source has rows or the config is changed',
    outside: 'bring the rows to the source',
    config: 'allow what is there (`on_empty`)',
  },
  StagingDamaged: { retry: 'may help: it stages the rows anew', outside: '' },
  DestinationBusy: {
    retry: 'may help when the other process has closed the destination',
    outside: 'close it there',
    config: 'raise `destination_wait`',
  },
  WindowCommitted: {
    retry: 'will not help: the rows of the window, or of a later one, are there',
    next: ({ runKey, completes }) => {
      const how = completes === true ? '--over-newer' : '--again';
      return `if they shall be published all the same, ${commandOf('rerun', runKey, how)}`;
    },
  },
  NewerCommitted: { retry: 'will not help: newer rows are there', next: nextBehindNewer },
  VersionTaken: { retry: 'may help: it starts from the newer version', outside: '' },
  StoreUnavailable: {
    retry: "may help when a worker of the run's store is there",
    outside: 'start it',
  },
  RunEnded: { retry: 'may help: the run had been stopped before', outside: '' },
  InternalError: {
    retry: 'was tried; this is most likely a defect of Beamline: please report it',
    next: logs,
  },
  Cancelled: { retry: 'may help: the run was cancelled', outside: '' },
  CancelledOutside: { retry: 'may help: the job was cancelled from outside', outside: '' },
  DeadlineExceeded: {
    retry: 'may help if it was slow this once',
    outside: '',
    config: 'raise `timeout`',
  },
  Drained: { retry: 'may help: the job was drained before its end', outside: '' },
  Updated: { retry: 'may help: the job was replaced by another', outside: '' },
  Terminated: { retry: 'may help: the run was stopped from outside', outside: '' },
  TimedOut: { retry: 'may help: the run was stopped from outside', outside: '' },
  WorkerLost: { retry: 'may help when a worker lives', outside: '' },
};
