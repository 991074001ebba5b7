import { keepEvidence } from './evidence.js';
import { createFaults } from './faults.js';
import { wholeFiles } from './files/scenario.js';
import { receiptsOf, violationsOf, type Violation } from './invariants.js';
import { play, type PlayedRun } from './play.js';
import type { Scenario } from './scenario.js';
import type { Schedule } from './schedule.js';
import { createWorld, type WorldOptions } from './world.js';

export interface ChaosReport {
  runs: PlayedRun[];
  seconds: number;
  /** Runs by outcome. */
  outcomes: Map<string, number>;
  /** Faults that took place, by name. */
  faults: ReadonlyMap<string, number>;
  violations: Violation[];
  /** Everything that happened, in order. */
  story: string[];
  /** What the world left, if a promise was broken. */
  folder: string | null;
}

/** Plays a schedule in a world of its own, and checks what must hold afterwards. */
export async function chaos(
  schedule: Schedule,
  {
    tell = () => undefined,
    scenario = wholeFiles,
    hosts = { hosts: 2, ownQueues: false, ownFaults: false },
  }: { tell?: (line: string) => void; scenario?: Scenario; hosts?: WorldOptions } = {},
): Promise<ChaosReport> {
  const story: string[] = [];
  const startedAt = Date.now();
  const note = (text: string): void => {
    const line = `${((Date.now() - startedAt) / 1000).toFixed(2).padStart(7)} s  ${text}`;
    story.push(line);
    tell(line);
  };
  const world = await createWorld(note, scenario, hosts);
  let keep = true;
  try {
    const faults = createFaults(world, note);
    const { runs, seconds } = await play(world, faults, schedule, note);
    runs.push(...((await world.prepared.finish?.(world)) ?? []));
    const violations = await violationsOf(world, runs);
    keep = violations.length > 0;
    if (keep) await keepEvidence(world, { schedule, story, runs, violations });
    const receipts = await receiptsOf(world, runs);
    const outcomes = new Map<string, number>();
    for (const { runKey, status } of runs) {
      const outcome = receipts.get(runKey)?.outcome ?? `${status} without a receipt`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    const folder = keep ? world.folder : null;
    return { runs, seconds, outcomes, faults: faults.counts, violations, story, folder };
  } finally {
    await world.end({ keep });
  }
}
