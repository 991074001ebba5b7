import { failureTypes, type FailureType } from '../client/index.js';

/** What a person can do about a failure. */
export interface Advice {
  /** Whether another attempt can help. */
  retry: string;
  /** What to type next. */
  next: string;
}

interface Subject {
  runKey: string;
  config: string;
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

const rerun = ({ runKey }: Subject): string => `beamline rerun ${runKey}`;
const runAgain = ({ config }: Subject): string => `beamline run ${config}`;

const byType: Record<FailureType, Rule> = {
  ConfigError: {
    retry: 'will not help until the config, an argument or a profile is changed',
    next: (run) => `beamline validate ${run.config}, then ${runAgain(run)}`,
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
    next: (run) => `beamline connections test --config ${run.config}, then ${rerun(run)}`,
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
    next: (run) => `beamline connections test --config ${run.config}, then ${rerun(run)}`,
  },
  BeamCrashed: {
    retry: 'was tried; another may help if memory was short',
    next: (run) => `beamline logs ${run.runKey}, then ${rerun(run)}`,
  },
  BeamStalled: {
    retry: 'was tried; another may help if the machine was busy or paused',
    next: (run) => `beamline logs ${run.runKey}, then ${rerun(run)}`,
  },
  PublisherCrashed: {
    retry: 'was tried; another may help if memory was short',
    next: rerun,
  },
  WorkerShutdown: { retry: 'may help: a worker must be there', next: rerun },
  AuditFailed: {
    retry: 'will not help until the data or the config is changed',
    next: (run) => `look at the steps, then ${rerun(run)} or ${runAgain(run)}`,
  },
  DestinationBusy: {
    retry: 'may help when the other process has closed the destination',
    next: (run) => `close it there, or raise \`destination_wait\`, then ${rerun(run)}`,
  },
  VersionTaken: { retry: 'may help: it starts from the newer version', next: rerun },
  StoreUnavailable: {
    retry: "may help when a worker of the run's store is there",
    next: (run) => `start it, then ${rerun(run)}`,
  },
  RunEnded: { retry: 'may help: the run had been stopped before', next: rerun },
  InternalError: {
    retry: 'was tried; this is most likely a defect of Beamline: please report it',
    next: (run) => `beamline logs ${run.runKey}`,
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
