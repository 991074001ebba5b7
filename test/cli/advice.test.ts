import assert from 'node:assert/strict';
import { adviceOf, rules } from '../../src/cli/lines/advice.js';
import { explanationOf, failureLines } from '../../src/cli/lines/failure-lines.js';
import { RunFailed } from '../../src/client/index.js';
import { ownCauseOf } from '../../src/dataflow/own-errors.js';
import { failureTypes, type FailureType } from '../../src/shared/failures.js';
import type { ReceiptJob } from '../../src/shared/run/job.js';
import { outcomeFailureTypes } from '../../src/shared/run/receipt.js';
import { receipt } from '../support/receipt.js';
import { commandsIn } from './command-lines.js';

/** What is next of a job whose worker failed so. */
function nextOfJob(own: FailureType): string {
  const failure = { ...ownCauseOf(own), message: '', evidence: [] };
  const job = { job_name: 'j', job_id: '', state: 'failed', failure } as unknown as ReceiptJob;
  const facts = { runKey: receipt.run_key, type: 'JobFailed', message: '' };
  return explanationOf(new RunFailed({ ...facts, outcome: 'failed', receipt: { ...receipt, job } }))
    .next;
}

describe('what a failure asks for', () => {
  const subject = { runKey: 'q4kx7mw2ta', started: { file: 'orders.yaml', options: {} } };
  const commandsOf = (type: string, more: Partial<Parameters<typeof adviceOf>[1]> = {}): string[] =>
    commandsIn(adviceOf(type, { ...subject, isPinned: true, ...more }).next).map(
      (line) => line.split(' ')[1] ?? '',
    );

  for (const [type, rule] of Object.entries(rules)) {
    it(`of ${type} follows from what mends it`, () => {
      const commands = commandsOf(type);
      assert.ok(rule.retry.startsWith('will not help') || /may help|was tried/.test(rule.retry));
      if (!('next' in rule)) {
        // The plan of a run is pinned: only `run` sees a config that was changed.
        assert.equal(commands.includes('run'), rule.config !== undefined, 'run');
        assert.equal(commands.includes('rerun'), rule.outside !== undefined, 'rerun');
        if (rule.outside === undefined) assert.match(rule.retry, /^will not help until /);
        // What was never pinned cannot be run again as it was.
        assert.ok(!commandsOf(type, { isPinned: false }).includes('rerun'), 'of no plan');
      }
    });
  }

  it('has a rule for every failure type', () => {
    const names = Object.keys(failureTypes).filter((type) => !Object.hasOwn(rules, type));
    assert.deepEqual(names, []);
    assert.ok(Object.values(outcomeFailureTypes).every((type) => Object.hasOwn(rules, type)));
  });

  it('of rows that are not there is to bring them, or to allow none', () => {
    assert.equal(
      adviceOf('AuditFailed', { ...subject, isPinned: true }).next,
      'bring the rows to the source, then beamline rerun q4kx7mw2ta; ' +
        'or allow what is there (`on_empty`), then beamline run orders.yaml',
    );
  });

  it('of a job whose config is wrong is no rerun of it', () => {
    assert.match(
      nextOfJob('ConfigError'),
      /^correct the config or an argument; then beamline run /,
    );
    assert.match(nextOfJob('ResourceError'), /^mend what is named; then beamline rerun /);
  });
});

describe('a run that was cancelled', () => {
  it('says so, when and by whom as far as that is known, and that the same may be run again', () => {
    const { run_key: runKey } = receipt;
    const failed = new RunFailed({
      runKey,
      outcome: 'cancelled',
      type: 'Cancelled',
      message: '',
      receipt: { ...receipt, outcome: 'cancelled' },
    });
    const causeOf = (...request: Parameters<typeof failureLines>[3][]): string[] =>
      failureLines(failed, null, [], ...request).filter((line) => /^(cause|next)/.test(line));
    const next = `next      beamline rerun ${runKey}`;
    assert.deepEqual(causeOf(), ['cause     somebody asked it to cancel', next]);
    const request = { at: '2026-11-24T03:04:11.000Z', by: '4711@host', reason: 'too slow' };
    assert.deepEqual(causeOf(request), [
      'cause     asked to cancel at 2026-11-24 03:04:11Z by 4711@host: too slow',
      next,
    ]);
  });
});
