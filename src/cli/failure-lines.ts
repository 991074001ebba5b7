import type { RunFailed } from '../client/index.js';
import { adviceOf } from './advice.js';
import { duration } from './format.js';

const evidenceLines = 8;

/** What went wrong, whether a retry can help, what to type next, and what is untouched. */
export function failureLines(failed: RunFailed, url: string | null): string[] {
  const { outcome, step, type, receipt, runKey } = failed;
  const after = receipt ? ` after ${duration(receipt.duration_ms)}` : '';
  const where = step === undefined ? '' : ` in ${stepWords(failed, step)}`;
  const ended = `${outcome.replaceAll('_', ' ')}${after}${where}`;
  const stayed = untouched(failed);
  const links = url === null ? [] : row('timeline', url);
  if (outcome === 'cancelled') {
    const next = `beamline rerun ${runKey}`;
    return [ended, stayed, ...row('next', next), ...links];
  }
  const advice = adviceOf(type, { runKey, config: receipt?.config ?? 'FILE' });
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

/** A name, and lines that are aligned after it; nothing if there are no lines. */
function row(name: string, ...lines: string[]): string[] {
  return lines.map((line, index) => `${(index === 0 ? name : '').padEnd(9)} ${line}`.trimEnd());
}

function stepWords({ receipt }: RunFailed, name: string): string {
  const step = [
    ...(receipt?.steps ?? []),
    ...(receipt?.sinks ?? []).map((sink) => ({ ...sink, kind: 'sink' })),
  ].find((candidate) => candidate.name === name);
  return step === undefined ? name : `${name} (${step.kind} ${step.module})`;
}

/** The end of standard error, without what the cause says already. */
function evidenceOf({ evidence, message }: RunFailed): string[] {
  const lines = evidence.map((line) => line.trimEnd()).filter((line) => line !== '');
  return lines.filter((line) => !message.includes(line)).slice(-evidenceLines);
}

function untouched({ outcome, receipt }: RunFailed): string {
  if (outcome === 'terminated' || outcome === 'timed_out') {
    return 'Staging may be left behind: the run was stopped before it could clean up.';
  }
  const names = (isPublished: boolean): string =>
    (receipt?.sinks ?? [])
      .filter(({ state }) => (state === 'published') === isPublished)
      .map(({ name }) => name)
      .join(', ');
  const published = names(true);
  if (published === '') return 'Nothing was published; what was staged is removed.';
  const rest = names(false);
  return `Published: ${published}. ${rest === '' ? '' : `Untouched: ${rest}. `}What was staged is removed.`;
}
