import { basename } from 'node:path';
import type { ReceiptSink, RunFailed } from '../client/index.js';
import { profilesName } from '../shared/names.js';
import { adviceOf, type Subject } from './advice.js';
import { duration } from './format.js';
import type { KnownSteps } from './progress/view.js';
import { shellCommand } from './shell-command.js';

const evidenceLines = 8;

/** What went wrong, whether a retry can help, what to type next, and what is untouched. */
export function failureLines(
  failed: RunFailed,
  url: string | null,
  steps: KnownSteps = [],
): string[] {
  const { outcome, step, type, receipt, runKey } = failed;
  const after = receipt ? ` after ${duration(receipt.duration_ms)}` : '';
  const where = step === undefined ? '' : ` in ${stepWords(failed, step, steps)}`;
  const ended = `${outcome.replaceAll('_', ' ')}${after}${where}`;
  const stayed = untouched(failed);
  const links = url === null ? [] : row('timeline', url);
  if (outcome === 'cancelled') {
    const next = shellCommand(`rerun ${runKey}`);
    return [ended, stayed, ...row('next', next), ...links];
  }
  const advice = adviceOf(type, subjectOf(failed));
  const said = failed.message.split('\n');
  const detail =
    failed.detail === undefined || failed.message.includes(failed.detail) ? [] : [failed.detail];
  return [
    ended,
    ...row('cause', ...said, ...detail),
    ...row('evidence', ...evidenceOf(failed)),
    ...row('retry', advice.retry),
    ...row('next', advice.next),
    ...links,
    stayed,
  ];
}

function subjectOf({ runKey, receipt }: RunFailed): Subject {
  const { config = 'FILE', profiles = null, args } = receipt ?? {};
  // A file of the usual name is found again by itself.
  const named = profiles !== null && basename(profiles) !== profilesName;
  return { runKey, config, args, profiles: named ? profiles : undefined };
}

/** A name, and lines that are aligned after it; nothing if there are no lines. */
function row(name: string, ...lines: string[]): string[] {
  return lines.map((line, index) => `${(index === 0 ? name : '').padEnd(9)} ${line}`.trimEnd());
}

function stepWords({ receipt }: RunFailed, name: string, steps: KnownSteps): string {
  const step = [
    ...steps,
    ...(receipt?.steps ?? []),
    ...(receipt?.sinks ?? []).map((sink) => ({ ...sink, kind: 'sink' })),
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
  const names = (...states: ReceiptSink['state'][]): string =>
    (receipt?.sinks ?? [])
      .filter(({ state }) => states.includes(state))
      .map(({ name }) => name)
      .join(', ');
  const published = names('published');
  const uncertain = names('uncertain');
  const rest = names('unpublished', 'kept');
  const facts = [
    ...(published === '' && uncertain === '' ? ['Nothing was published.'] : []),
    ...(published === '' ? [] : [`Published: ${published}.`]),
    ...(uncertain === '' ? [] : [`Begun, and perhaps published: ${uncertain}.`]),
    ...(rest === '' || published + uncertain === '' ? [] : [`Untouched: ${rest}.`]),
  ];
  return `${facts.join(' ')} What was staged is removed.`;
}
