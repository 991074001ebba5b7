import { basename } from 'node:path';
import type { CancelRequest, Receipt, RunFailed } from '../../client/index.js';
import type { JobFailure, JobMessage } from '../../shared/run/job.js';
import { profilesName } from '../../shared/names.js';
import { publishedFacts, writtenFacts } from '../../shared/run/published-facts.js';
import { adviceOf, nextOfChanged, type Advice, type Subject } from './advice.js';
import { bad, hint } from '../terminal/colour.js';
import { duration, instant } from '../terminal/format.js';
import { causeText, costText, jobStateText } from './job-lines.js';
import type { KnownSteps } from './known-steps.js';
import { fateOfLeft } from './left.js';
import { startedWith } from '../options/run-words.js';
import { commandOf } from '../terminal/shell-command.js';

const evidenceLines = 8;

/** What went wrong, whether a retry can help, what to type next, and what is untouched. */
export function failureLines(
  failed: RunFailed,
  url: string | null,
  steps: KnownSteps = [],
  request: CancelRequest | null = null,
): string[] {
  const { outcome, step, receipt } = failed;
  const job = receipt?.job;
  const after = receipt ? ` after ${duration(receipt.duration_ms)}` : '';
  const where = step === undefined ? '' : ` in ${stepWords(failed, step, steps)}`;
  const arrow = job === undefined ? '' : ` → Dataflow job ${job.job_name}`;
  const ended = `${bad(outcome.replaceAll('_', ' '))}${after}${where}${arrow}`;
  const stayed = `${untouched(failed)}${job?.cost ? ` The job cost ${costText(job.cost)}.` : ''}`;
  const links = [
    ...(job === undefined ? [] : row('job', jobStateText(job))),
    ...(job === undefined || job.job_id === '' ? [] : row('console', job.url).map(hint)),
    ...(url === null ? [] : row('timeline', url).map(hint)),
  ];
  if (outcome === 'cancelled') {
    const { next } = adviceOf('Cancelled', subjectOf(failed));
    return [ended, ...row('cause', cancelText(request)), stayed, ...row('next', next), ...links];
  }
  const { cause, evidence, retry, next } = explanationOf(failed);
  return [
    ended,
    ...row('cause', ...cause),
    ...row('evidence', ...evidence),
    ...row('retry', retry),
    ...row('next', next),
    ...links,
    stayed,
  ];
}

/** Why a run was cancelled: `asked to at 2026-11-24 03:04:11Z by 4711@host`. */
export function cancelText(request: CancelRequest | null): string {
  if (request === null) return 'somebody asked it to cancel';
  const by = request.by === '' ? '' : ` by ${request.by}`;
  const why = request.reason === '' ? '' : `: ${request.reason}`;
  return `asked to cancel at ${instant(request.at)}${by}${why}`;
}

/** A failure in the words that a person reads. */
export interface Explanation extends Advice {
  cause: string[];
  evidence: string[];
}

/** Explains a failure: by its job's own messages where it is the job that failed. */
export function explanationOf(failed: RunFailed): Explanation {
  const advice = adviceOf(failed.type, subjectOf(failed));
  const said = failed.message.split('\n');
  const failure = failed.receipt?.job?.failure;
  if (failure !== undefined && failed.outcome === 'failed') {
    return {
      cause: `${causeText(failure.cause)}: ${failure.message}`.split('\n'),
      evidence: evidenceOfJob(failure),
      ...jobAdviceOf(failure, failed, advice),
    };
  }
  const detail =
    failed.detail === undefined || failed.message.includes(failed.detail) ? [] : [failed.detail];
  return { cause: [...said, ...detail], evidence: evidenceOf(failed), ...advice };
}

/** What the cause asks for; the command of the run's failure type where that has one of its own. */
function jobAdviceOf(failure: JobFailure, failed: RunFailed, byType: Advice): Advice {
  switch (failure.cause) {
    case 'database_login':
    case 'user_sql':
      return byType;
    case 'permission':
    case 'image_pull':
    case 'out_of_memory':
    case 'quota':
    case 'network':
    case 'schema_mismatch':
    case 'launcher':
    case 'unknown':
      return {
        retry: failure.retryHelps
          ? 'may help if the cause has passed'
          : 'will not help until the cause is removed',
        next: `${failure.next}; then ${isInConfig(failure) ? nextOfChanged(subjectOf(failed)) : commandOf('rerun', failed.runKey)}`,
      };
  }
}

/** What older versions wrote does not say it. */
function isInConfig({ cause, inConfig }: JobFailure): boolean {
  return inConfig ?? cause === 'schema_mismatch';
}

/** What the job's messages say beside the cause. */
function evidenceOfJob({ evidence, message }: JobFailure): string[] {
  const said = message.split('\n')[0] ?? message;
  return evidence.map(messageText).filter((line) => !line.includes(said));
}

/** `job message 03:04:11Z: …`: the last line that is no detail of the one before, which is what was raised. */
function messageText({ time, text }: JobMessage): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const raised = lines.findLast((line) => /^\S/.test(line)) ?? lines.at(-1) ?? '';
  const when = time === '' ? '' : ` ${time.slice(11, 19)}Z`;
  return `job message${when}: ${raised.trim()}`;
}

function subjectOf({ runKey, receipt }: RunFailed): Subject {
  const profiles = receipt?.profiles ?? undefined;
  // A file of the usual name is found again by itself.
  const named = profiles !== undefined && basename(profiles) !== profilesName;
  return {
    runKey,
    started: startedWith(receipt, named ? profiles : undefined),
    hasLeft: receipt?.left !== undefined,
    hasAppended: (receipt?.sinks ?? []).some(
      ({ mode, state }) =>
        mode === 'append' && (state === 'published' || state === 'uncertain' || state === 'kept'),
    ),
    isPinned: typeof receipt?.plan_sha256 === 'string',
    earlierRun: receipt?.failure?.earlier_run,
    completes: receipt?.input?.complete,
  };
}

/** A name, and lines that are aligned after it; nothing if there are no lines. */
function row(name: string, ...lines: string[]): string[] {
  return lines.map((line, index) => `${(index === 0 ? name : '').padEnd(9)} ${line}`.trimEnd());
}

function stepWords({ receipt }: RunFailed, name: string, steps: KnownSteps): string {
  const step = [
    ...steps,
    ...(receipt?.steps ?? []),
    ...[...(receipt?.sinks ?? []), ...(receipt?.written ?? [])].map((sink) => ({
      ...sink,
      kind: 'sink',
    })),
  ].find((candidate) => candidate.name === name);
  return step === undefined ? name : `${name} (${step.kind} ${step.module})`;
}

/** Failure types that say nothing by themselves: there, all of standard error counts. */
const mute = new Set(['BeamCrashed', 'BeamStalled', 'InternalError']);

/** The end of standard error; without the traceback of an error that the cause says already. */
function evidenceOf({ evidence, message, type }: RunFailed): string[] {
  const said = message.split('\n')[0] ?? message;
  const lines = evidence.map((line) => line.trimEnd()).filter((line) => line !== '');
  const telling = lines.filter(
    (line) =>
      !line.includes(said) && !/^(\s|Traceback|The above exception|During handling)/.test(line),
  );
  return (mute.has(type) ? lines : telling).slice(-evidenceLines);
}

function untouched({ outcome, receipt }: RunFailed): string {
  if (outcome === 'terminated' || outcome === 'timed_out') {
    return 'Staging may be left behind: the run was stopped before it could clean up.';
  }
  const facts = [publishedFacts(receipt?.sinks ?? []), writtenFacts(receipt?.written)];
  return [...facts, leftWords(receipt)].filter((fact) => fact !== '').join(' ');
}

/** What became of what was staged. */
function leftWords(receipt: Receipt | undefined): string {
  const sinks = receipt?.left?.sinks.join(', ') ?? '';
  switch (receipt === undefined ? 'none' : fateOfLeft(receipt)) {
    case 'none':
      return 'What was staged is removed.';
    case 'gone':
      return `What was staged for ${sinks} is not there any more.`;
    case 'kept':
      return `What was staged for ${sinks} is kept for a week.`;
  }
}
