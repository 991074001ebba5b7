import assert from 'node:assert/strict';
import { chaos, type ChaosReport } from '../chaos/chaos.js';
import { pipelines } from '../chaos/pipelines.js';
import { points } from '../chaos/points.js';
import type { Step } from '../chaos/schedule.js';

/** Boundaries that only a run comes to which is cancelled, or whose launch finds its name taken. */
const onCancel = ['worker:before-stop', 'emulator:updated', 'worker:stop-asked'];
const onNameTaken = ['worker:name-taken', 'worker:before-find'];
const onTheWay = points.filter(
  (point) => ![...onCancel, ...onNameTaken].includes(point) && isOfTheJob(point),
);
const signals = ['SIGKILL', 'SIGSTOP'] as const;

/** The others are those of a local run, too: test/integration/crash.test.ts. */
function isOfTheJob(point: string): boolean {
  return !point.startsWith('publisher:') && point !== 'worker:prepared';
}

describe('a crash or a pause at any step boundary of a run on Dataflow', function () {
  this.timeout(240_000);
  let report: ChaosReport;

  before(async () => {
    report = await chaos({ seed: 0, inFlight: 10, steps: stepsOf() });
  });

  for (const signal of signals) {
    for (const point of [...onTheWay, ...onCancel, ...onNameTaken]) {
      it(`${signal} at ${point} is met`, () =>
        assert.ok(report.faults.has(`${signal} at ${point}`), report.story.join('\n')));
    }
  }

  it('leaves one job and one publish to each run, every row once, and nothing behind', () => {
    assert.deepEqual(report.violations, [], report.story.join('\n'));
  });

  it('ends every run as it was meant to', () => {
    assert.deepEqual([...report.outcomes.keys()].toSorted(), ['cancelled', 'succeeded']);
  });
});

/** A few boundaries to each run, so that it meets them one after another; whoever comes first is hit. */
function stepsOf(): Step[] {
  const names = pipelines.filter(({ timeout }) => timeout === undefined).map(({ name }) => name);
  const steps: Step[] = [];
  let run = 0;
  const start = (more: { cancelAfterMs: number; cancelBy: 'cancel' } | object = {}): void => {
    steps.push({ do: 'run', run, pipeline: names[run % names.length] as string, ...more });
    run += 1;
  };
  const arm = (point: string, signal: (typeof signals)[number]): void => {
    const forMs = signal === 'SIGKILL' ? 0 : 13_000; // Longer than a heartbeat may be late.
    steps.push({ do: 'arm', point, signal, forMs });
  };
  for (const signal of signals) {
    for (const [index, point] of onTheWay.entries()) {
      arm(point, signal);
      if (index % 4 === 3) start();
    }
    for (const point of onCancel) arm(point, signal);
    start({ cancelAfterMs: 9_000, cancelBy: 'cancel' });
    for (const point of onNameTaken) arm(point, signal);
    steps.push({
      do: 'fault',
      fault: { fault: 'response_lost', method: 'LaunchFlexTemplate', times: 1 },
    });
    start();
    steps.push({ do: 'wait', ms: 40_000 });
  }
  return steps;
}
