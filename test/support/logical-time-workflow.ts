import {
  ApplicationFailure,
  condition,
  continueAsNew,
  defineSignal,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { logicalTimeOf } from '../../src/workflows/steps/logical-time.js';

const end = defineSignal('end');

/**
 * Tells what time it stands for, in each execution of its chain: the first is continued as new, the
 * second fails and is tried again, the third ends at once, or at a signal.
 */
export async function standsFor(
  { waits = false }: { waits?: boolean } = {},
  times: string[] = [],
): Promise<string[]> {
  const info = workflowInfo();
  const seen = [...times, logicalTimeOf(info).toISOString()];
  if (info.continuedFromExecutionRunId === undefined) {
    await continueAsNew<typeof standsFor>({ waits }, seen);
  }
  if (info.attempt === 1) throw ApplicationFailure.retryable('once more');
  let isEnding = !waits;
  setHandler(end, () => {
    isEnding = true;
  });
  await condition(() => isEnding);
  return seen;
}
