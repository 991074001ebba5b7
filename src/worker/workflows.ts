// Written by `npm run generate`: workflow code cannot look at folders.
import { workflow as dataflow } from '../runners/dataflow/workflow.js';
import { workflow as local } from '../runners/local/workflow.js';
import type { Receipt } from '../shared/run/receipt.js';
import type { RunPipelineInput } from '../shared/run/run-input.js';
import type { ResumedRun } from '../workflows/resumed-run.js';
import { runPipelineWith } from '../workflows/run-pipeline.js';

export { destinationLock, reapOrphans } from '../workflows/index.js';

/** See `runPipelineWith`, here with all runners. */
export function runPipeline(
  input: RunPipelineInput,
  resumed: ResumedRun | null = null,
): Promise<Receipt> {
  return runPipelineWith({ dataflow, local }, input, resumed);
}
