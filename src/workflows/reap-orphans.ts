import { proxyActivities } from '@temporalio/workflow';
import type { ReapActivities, Reaped, ReapInput } from '../shared/run/reap.js';
import { isRefused, reapInputProblem, refusal } from './contract/intake.js';

const { reap } = proxyActivities<ReapActivities>({
  startToCloseTimeout: '30m',
  heartbeatTimeout: '30s',
  // The next one of the schedule looks again.
  retry: { initialInterval: '10s', maximumAttempts: 3 },
});

/** What `beamline orphans` does, for a schedule. */
export async function reapOrphans(input: ReapInput = {}): Promise<Reaped> {
  const problem = reapInputProblem(input);
  if (problem !== null && isRefused()) throw refusal(problem);
  return reap(input);
}
