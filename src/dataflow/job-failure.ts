import type { JobFailure, JobMessage } from '../shared/run/job.js';
import { shortened } from '../shared/shortened.js';
import { causeRuleOf, type CauseRule } from './cause-rules.js';
import { ownCauseOf, ownTypeOf, type OwnCause } from './own-errors.js';
import { redacted } from './redact.js';
import { exceptionsOf, stepOf, withoutMarks } from './traceback.js';

/** The `failure` document that a launcher or worker of ours left beside its staging. */
export interface StagedFailure {
  type: string;
  message: string;
  step?: string;
  cause?: string;
}

export interface FailureSources {
  /** Text of the launcher's console, where it is known. */
  log?: string;
  staged?: StagedFailure;
  /** A command that reads the job's whole log. */
  logCommand?: string;
}

const evidenceCount = 3;
const longestMessage = 600;
/** An error of ours may show the text at fault, with a mark below the place. */
const ownLines = 6;
const longestEvidence = 1_500;

/** How much a message tells; the newest of the highest counts. */
const weights = { ownError: 4, ruled: 3, exception: 2, vague: 1, words: 1, noise: 0 } as const;

interface Finding extends Omit<JobFailure, 'evidence'> {
  weight: number;
  of: JobMessage;
}

/**
 * Why a job failed: what our own process left, else the message that tells the most.
 *
 * Errors count; if there is none, warnings. Several that tell as much: the newest. What Dataflow
 * says only of its own proceeding (`Workflow failed`, a worker pool that stops) never wins over a
 * cause. Nothing that looks like a secret is passed on.
 */
export function jobFailureOf(
  messages: readonly JobMessage[],
  { log, staged, logCommand }: FailureSources = {},
): JobFailure {
  // Before anything is taken out of a text: a part of what looks like a secret may not look like one.
  const telling = tellingMessages(messages).map(withoutSecrets);
  const findings = telling.map((message) => findingOf(message));
  if (log !== undefined && log.trim() !== '') {
    const message = withoutSecrets({ time: '', importance: 'error', text: log });
    findings.push(findingOf(message));
    telling.push(message);
  }
  const best = findings.reduce<Finding | undefined>(
    (sofar, finding) => (sofar === undefined || finding.weight > sofar.weight ? finding : sofar),
    undefined,
  );
  const told =
    staged === undefined ? undefined : stagedFindingOf(stagedWithoutSecrets(staged), best);
  const chosen = told ?? best;
  const logs = logCommand === undefined ? '' : `: ${logCommand}`;
  if (chosen === undefined) {
    return {
      cause: 'unknown',
      message: 'the job failed, and Dataflow gives no error message',
      retryHelps: true,
      next: `read the job's log${logs}`,
      evidence: [],
    };
  }
  const isOpenEnded = chosen.weight < weights.ruled;
  return {
    cause: chosen.cause,
    message: shortened(chosen.message, longestMessage),
    retryHelps: chosen.retryHelps,
    next: isOpenEnded && logs !== '' ? `${chosen.next}${logs}` : chosen.next,
    ...(chosen.inConfig === undefined ? {} : { inConfig: chosen.inConfig }),
    evidence: evidenceOf(findings),
    ...(chosen.step === undefined ? {} : { step: chosen.step }),
  };
}

function withoutSecrets(message: JobMessage): JobMessage {
  return { ...message, text: redacted(message.text) };
}

function stagedWithoutSecrets({ message, cause, ...rest }: StagedFailure): StagedFailure {
  return {
    ...rest,
    message: redacted(message),
    ...(cause === undefined ? {} : { cause: redacted(cause) }),
  };
}

/** Errors, or warnings if there are none; the newest first, each text once. */
function tellingMessages(messages: readonly JobMessage[]): JobMessage[] {
  const of = (importance: JobMessage['importance']): JobMessage[] =>
    messages.filter((message) => message.importance === importance && message.text.trim() !== '');
  const errors = of('error');
  const seen = new Set<string>();
  return (errors.length > 0 ? errors : of('warning'))
    .toSorted((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0))
    .filter(({ text }) => !seen.has(text) && seen.add(text) !== undefined);
}

function findingOf(message: JobMessage): Finding {
  const text = message.text.trim();
  const exceptions = exceptionsOf(text);
  const own = ownErrorOf(text, exceptions);
  if (own !== null) return { ...own, weight: weights.ownError, of: message };

  const step = exceptions.find((exception) => exception.step !== undefined)?.step ?? stepOf(text);
  const at = step === undefined ? {} : { step };
  // Frames of a traceback hold source code, which may hold any word: only what was raised counts.
  const said = exceptions.map(({ type, message }) => `${type}: ${message}`);
  for (const words of said.length > 0 ? said : [unframed(bare(text))]) {
    const rule = causeRuleOf(words);
    if (rule === undefined) continue;
    const weight = rule.isVague === true ? weights.vague : weights.ruled;
    return { ...adviceOf(rule), message: lineOf(rule, words), ...at, weight, of: message };
  }
  const [last] = said;
  if (last !== undefined) {
    return {
      ...unexplained,
      message: firstLine(last),
      ...at,
      weight: weights.exception,
      of: message,
    };
  }
  const weight = isNoise(text) ? weights.noise : weights.words;
  return {
    ...unexplained,
    message: firstLine(unframed(bare(text))) || firstLine(text),
    ...at,
    weight,
    of: message,
  };
}

const unexplained = { cause: 'unknown', retryHelps: true, next: "read the job's log" } as const;

function adviceOf({ cause, retryHelps, next, inConfig }: CauseRule): OwnCause {
  return { cause, retryHelps, next, ...(inConfig === undefined ? {} : { inConfig }) };
}

/** An error of `beam_pipeline.errors`, in a traceback or by itself. */
function ownErrorOf(
  text: string,
  exceptions: ReturnType<typeof exceptionsOf>,
): Omit<JobFailure, 'evidence'> | null {
  const inline = /\b(beam_pipeline\.errors\.\w+): ([^\n]*)/.exec(text);
  const candidates = [
    ...exceptions,
    ...(inline === null ? [] : [{ type: inline[1] ?? '', message: withoutMarks(inline[2] ?? '') }]),
  ];
  for (const candidate of candidates) {
    const own = ownCauseOf(ownTypeOf(candidate.type) ?? '');
    if (own === null) continue;
    const step = ('step' in candidate ? candidate.step : undefined) ?? stepOf(text);
    const at = step === undefined ? {} : { step };
    return { ...own, message: ownWords(candidate.message), ...at };
  }
  return null;
}

function stagedFindingOf(staged: StagedFailure, best: Finding | undefined): Finding {
  const { type, message, step = best?.step, cause } = staged;
  const rule = causeRuleOf(`${message}\n${cause ?? ''}`);
  const own = ownCauseOf(type) ?? (rule === undefined ? unexplained : adviceOf(rule));
  return {
    ...own,
    message: ownWords(message),
    ...(step === undefined ? {} : { step }),
    weight: weights.ownError,
    of: { time: '', importance: 'error', text: message },
  };
}

/** Without the frame that Dataflow puts around the reason. */
function bare(text: string): string {
  return text
    .replace(/^Workflow failed\.?\s*(?:Causes:\s*)?/, '')
    .replace(/^(?:\([0-9a-f]{8,}\):\s*)+/, '')
    .replace(/^S\d+:.*? failed\.(?:,\s*|\s+|$)/s, '')
    .replace(/^Error message from worker:\s*/, '')
    .trim();
}

/** What a text says beside the frames of a traceback that was cut off. */
function unframed(text: string): string {
  if (!text.includes('Traceback (most recent call last):')) return text;
  const lines = text.split('\n').filter((line) => !/^\s|Traceback \(most recent/.test(line));
  return lines.join('\n');
}

/** What says nothing of the reason (texts: common-errors, and the issues cited in the rules). */
const noise: readonly RegExp[] = [
  /^$/,
  /^Internal Issue \([0-9a-f]+\)/,
  /^The job failed because a work item has failed/,
  /^A work item was attempted \d+ times without success/,
  /^(?:Worker pool stopped|Stopping worker pool|Cleaning up|Cancel request is committed)/,
  /^Root cause: Work item failed/,
];

function isNoise(text: string): boolean {
  const rest = bare(text);
  return noise.some((pattern) => pattern.test(rest));
}

function evidenceOf(findings: readonly Finding[]): JobMessage[] {
  const telling = findings.filter(({ weight }) => weight > weights.noise);
  return (telling.length > 0 ? telling : findings)
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, evidenceCount)
    .map(({ of }) => ({ ...of, text: shortened(of.text.trim(), longestEvidence) }));
}

/** The line that the rule is about, of a console's many. */
function lineOf({ patterns }: CauseRule, words: string): string {
  const line = words.split('\n').find((one) => patterns.some((pattern) => pattern.test(one)));
  return line?.trim() ?? firstLine(words);
}

/** The lines of an error of ours, up to the first that is empty. */
function ownWords(text: string): string {
  const lines = text.trim().split('\n');
  const blank = lines.findIndex((line) => line.trim() === '');
  return lines
    .slice(0, blank < 0 ? ownLines : Math.min(blank, ownLines))
    .map((line) => line.trimEnd())
    .join('\n');
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? ''
  );
}
