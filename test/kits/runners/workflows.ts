/** The workflows of the kit's worker: what the product has, and the same with the naive runner alone. */
import type { Receipt } from '../../../src/shared/run/receipt.js';
import type { RunPipelineInput } from '../../../src/shared/run/run-input.js';
import { runPipelineWith } from '../../../src/workflows/run-pipeline.js';
import type { ResumedRun } from '../../../src/workflows/resumed-run.js';
import { workflow as naive } from './naive/workflow.js';

export * from '../../../src/worker/workflows.js';

export function runNaively(
  input: RunPipelineInput,
  resumed: ResumedRun | null = null,
): Promise<Receipt> {
  return runPipelineWith({ naive }, input, resumed);
}
