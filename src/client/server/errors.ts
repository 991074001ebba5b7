import type { Outcome, Receipt } from '../../shared/run/receipt.js';

/** How a run ended: an outcome of its own, or an end that Temporal put to it from outside. */
export type EndState = Outcome | 'terminated' | 'timed_out';

/** Thrown when no Temporal server answers at the address, or it is lost later. */
export class TemporalUnreachable extends Error {
  override readonly name = 'TemporalUnreachable';
  readonly address: string;

  constructor(address: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    super(`cannot reach Temporal at ${address}: ${reason ?? 'no answer'}`, { cause });
    this.address = address;
  }
}

/** Thrown when no run has the given run key, workflow id or run id. */
export class RunNotFound extends Error {
  override readonly name = 'RunNotFound';
  /** What was asked for. */
  readonly reference: string;
  /** The run key or workflow id that was most likely meant. */
  readonly nearMiss: string | undefined;

  constructor(reference: string, nearMiss?: string) {
    const what =
      reference === 'latest' ? 'there is no run yet' : `no run is named \`${reference}\``;
    super(nearMiss === undefined ? what : `${what}; did you mean \`${nearMiss}\`?`);
    this.reference = reference;
    this.nearMiss = nearMiss;
  }
}

/** Thrown when a run has ended otherwise than with success. */
export class RunFailed extends Error {
  override readonly name = 'RunFailed';
  readonly runKey: string;
  readonly outcome: EndState;
  /** A failure type (`ConfigError`, `ConnectionLost`, …), or a name for the outcome. */
  readonly type: string;
  /** Name of the source, transform or sink at fault. */
  readonly step: string | undefined;
  /** The error beneath, such as the last line of a traceback. */
  readonly detail: string | undefined;
  /** The last lines that the process at fault wrote to standard error. */
  readonly evidence: readonly string[];
  /** Undefined if the run ended before it had one, or neither the store nor Temporal has it. */
  readonly receipt: Receipt | undefined;

  constructor(
    facts: Pick<RunFailed, 'message' | 'runKey' | 'outcome' | 'type'> &
      Partial<Pick<RunFailed, 'step' | 'detail' | 'evidence' | 'receipt'>>,
    cause?: unknown,
  ) {
    super(facts.message, { cause });
    this.runKey = facts.runKey;
    this.outcome = facts.outcome;
    this.type = facts.type;
    this.step = facts.step;
    this.detail = facts.detail;
    this.evidence = facts.evidence ?? [];
    this.receipt = facts.receipt;
  }
}

/** Thrown when a run left no receipt, or neither the store nor Temporal has it any more. */
export class ReceiptNotFound extends Error {
  override readonly name = 'ReceiptNotFound';
  readonly runKey: string;

  constructor(runKey: string, reason: string) {
    super(`run ${runKey} has no receipt: ${reason}`);
    this.runKey = runKey;
  }
}

/** Thrown when a run cannot be repeated as it was. */
export class CannotRerun extends Error {
  override readonly name = 'CannotRerun';
  readonly runKey: string;
  /** True if `again` would allow it: the run appended rows that would then be there twice. */
  readonly wouldAppendAgain: boolean;

  constructor(runKey: string, reason: string, { wouldAppendAgain = false } = {}) {
    super(`run ${runKey} cannot be run again: ${reason}`);
    this.runKey = runKey;
    this.wouldAppendAgain = wouldAppendAgain;
  }
}

/** Thrown when this project has no schedule of that name. */
export class ScheduleNotFound extends Error {
  override readonly name = 'ScheduleNotFound';
  readonly schedule: string;
  /** The schedule that was most likely meant. */
  readonly nearMiss: string | undefined;

  constructor(schedule: string, nearMiss?: string) {
    const meant = nearMiss === undefined ? '' : `; did you mean \`${nearMiss}\`?`;
    super(`no schedule is named \`${schedule}\`${meant}`);
    this.schedule = schedule;
    this.nearMiss = nearMiss;
  }
}

/** Thrown when a schedule is not this project's: it is left alone. */
export class ForeignSchedule extends Error {
  override readonly name = 'ForeignSchedule';
  readonly schedule: string;

  constructor(schedule: string, message: string) {
    super(message);
    this.schedule = schedule;
  }
}
