import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { environmentFor } from '../../dev/environment/stack-environment.js';
import type { StepColumns } from '../../config/plan/outlooks.js';
import type { BuiltPlan } from '../../config/index.js';
import { askModule } from '../../process/ask-program.js';
import { pythonEnvironment, pythonPath } from '../../process/python.js';
import { manifestSink } from '../../shared/run/manifest.js';
import { CliError, exitCodes } from '../terminal/errors.js';

const columns = manifestSink.shape.schema;
const aloneStep = z.object({
  why: z.string(),
  instead: z.string(),
  memory_limit: z.string().nullable(),
  rows: z.number().nullable(),
  bytes: z.number().nullable(),
});
const answer = z.union([
  z.object({
    steps: z.record(z.string(), columns),
    unreached: z.record(z.string(), z.string()),
    alone: z.record(z.string(), aloneStep).optional(),
  }),
  z.object({
    failure: z.object({ type: z.string(), message: z.string(), step: z.string().optional() }),
  }),
]);

/** A step that one worker does alone, however many there are; null is what nobody knows. */
export type AloneStep = z.infer<typeof aloneStep>;

export interface AskedColumns {
  steps: StepColumns;
  /** Why a source could not be asked, by its name. */
  unreached: Record<string, string>;
  /** What one worker does alone, by the step's name, if that was asked. */
  alone?: Record<string, AloneStep> | undefined;
}

/** Why a run would fail before it reads a row, and in which step, where that is known. */
export class StepRefused extends CliError {
  constructor(
    message: string,
    readonly step: string | undefined,
  ) {
    super(message, { exitCode: exitCodes.badInput });
  }
}

/**
 * Asks the sources for their columns and follows them through the transforms; no row is read.
 * @param options `alone` asks what one worker does alone, too
 * @throws StepRefused where a run would fail for a column, a type or an SQL text
 */
export async function askColumns(
  { canonicalJson, profiles }: Pick<BuiltPlan, 'canonicalJson' | 'profiles'>,
  { root, alone = false }: { root: string; alone?: boolean },
): Promise<AskedColumns> {
  const folder = await mkdtemp(join(tmpdir(), 'beamline-plan-'));
  try {
    const plan = join(folder, 'plan.json');
    await writeFile(plan, canonicalJson);
    const args = [`--plan=${plan}`, `--root=${root}`];
    if (alone) args.push('--alone');
    if (profiles !== null) args.push(`--profiles=${profiles}`);
    const env = pythonEnvironment(await environmentFor(root));
    const module = 'beam_pipeline.asked.columns';
    const asked = { python: pythonPath(), module, args, cwd: root, env };
    const { document, stderr } = await askModule(asked);
    const told = answer.safeParse(document).data;
    if (told !== undefined && 'steps' in told) return told;
    if (told === undefined) {
      throw new Error(`the columns could not be found out: ${stderr.at(-1) ?? 'no answer'}`);
    }
    throw new StepRefused(told.failure.message, told.failure.step);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
