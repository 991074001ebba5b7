import assert from 'node:assert/strict';
import { chaos, type ChaosReport } from '../chaos/chaos.js';
import type { Step } from '../chaos/schedule.js';

/** Each step boundary at which a process of a run's job is killed; the run meets those of a row in turn. */
const killed = [
  ['worker:before-upload', 'worker:inputs-uploaded', 'worker:before-launch', 'emulator:launched'],
  ['worker:launched', 'emulator:child-started', 'worker:before-read', 'worker:before-find-staged'],
  ['emulator:before-launch', 'gateway:before-signal', 'worker:job-read', 'worker:staged-found'],
  ['gateway:signalled', 'emulator:event-taken', 'worker:before-report', 'worker:fetched'],
  ['worker:job-reported', 'worker:before-finish', 'worker:receipt-kept'],
  ['worker:run-closed', 'worker:bucket-cleaned'],
];
/** Where a process that sleeps, and wakes after its work was taken over, could do harm. */
const paused = [
  ['worker:before-launch', 'worker:before-publish'],
  ['worker:launched', 'worker:run-closed'],
  ['emulator:before-launch', 'gateway:before-signal'],
  ['beam:before-manifest', 'worker:staged-found'],
];
/** Boundaries of a run that is cancelled while its job is in the queue. */
const whileEnding = ['worker:before-stop', 'emulator:updated', 'worker:stop-asked'];
/** Boundaries of a launch whose answer was lost, and whose job is still not listed. */
const whileUnlisted = ['worker:name-taken', 'worker:before-find'];

const all = [
  ...[...killed.flat(), ...whileEnding, ...whileUnlisted].map((point) => `SIGKILL at ${point}`),
  ...[...paused.flat(), 'worker:stop-asked'].map((point) => `SIGSTOP at ${point}`),
];

describe('a crash or a pause at any step boundary of a run on Dataflow', function () {
  this.timeout(240_000);
  let report: ChaosReport;

  before(async () => {
    report = await chaos({ seed: 0, inFlight: 10, steps: stepsOf() });
  });

  for (const fault of all) {
    it(`${fault} took place`, () => assert.ok(report.faults.has(fault), report.story.join('\n')));
  }

  it('leaves one job and one publish to each run, every row once, and nothing behind', () => {
    assert.deepEqual(report.violations, [], report.story.join('\n'));
  });

  it('ends every run as it was meant to', () => {
    assert.deepEqual(
      Object.fromEntries(report.outcomes),
      { cancelled: 2, succeeded: killed.length + paused.length + 1 },
      report.story.join('\n'),
    );
  });
});

function stepsOf(): Step[] {
  const names = ['a', 'b', 'c', 'e', 'r', 's'];
  const steps: Step[] = [];
  let runs = 0;
  const arm = (point: string, signal: 'SIGKILL' | 'SIGSTOP'): void => {
    // A pause is longer than a heartbeat may be late, after which another worker takes over.
    steps.push({ do: 'arm', point, signal, forMs: signal === 'SIGKILL' ? 0 : 12_000 });
  };
  const start = (
    pipeline: string,
    more: { cancelAfterMs: number; cancelBy: 'cancel' } | object = {},
  ) => steps.push({ do: 'run', run: runs++, pipeline, ...more });
  const keepQueued = (pipeline: string, forMs: number): void => {
    const job_name = `^${pipeline}-`;
    steps.push({ do: 'fault', fault: { fault: 'queued', for_ms: forMs, job_name, times: 1 } });
  };
  const cancelled = (signal: 'SIGKILL' | 'SIGSTOP', points: readonly string[]): void => {
    for (const point of points) arm(point, signal);
    keepQueued('d', 120_000);
    start('d', { cancelAfterMs: 20_000, cancelBy: 'cancel' });
  };

  for (const point of whileUnlisted) arm(point, 'SIGKILL');
  keepQueued('f', 25_000);
  steps.push(
    {
      do: 'fault',
      fault: { fault: 'response_lost', method: 'LaunchFlexTemplate', job_name: '^f-', times: 1 },
    },
    { do: 'fault', fault: { fault: 'event_lost', delay_ms: 0, job_name: '^f-', times: 1 } },
  );
  start('f');
  cancelled('SIGKILL', whileEnding);
  for (const [index, points] of killed.entries()) {
    for (const point of points) arm(point, 'SIGKILL');
    start(names[index] as string);
  }
  steps.push({ do: 'settle' });
  cancelled('SIGSTOP', ['worker:stop-asked']);
  for (const [index, points] of paused.entries()) {
    for (const point of points) arm(point, 'SIGSTOP');
    start(names[index] as string);
  }
  return steps;
}
