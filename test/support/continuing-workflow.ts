import { makeContinueAsNewFunc } from '@temporalio/workflow';
import type { ResumedRun } from '../../src/workflows/resumed-run.js';
import type { runPipeline } from '../../src/worker/workflows.js';

/** Goes on as `runPipeline` with that state, on another task queue: only what continues has a state. */
export async function continuing(
  taskQueue: string,
  input: Parameters<typeof runPipeline>[0],
  resumed: ResumedRun,
): Promise<void> {
  const goOn = makeContinueAsNewFunc<typeof runPipeline>({
    workflowType: 'runPipeline',
    taskQueue,
  });
  await goOn(input, resumed);
}
