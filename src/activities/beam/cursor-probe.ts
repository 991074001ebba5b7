import { z } from 'zod';
import { cursorTypes } from '../../shared/run/window.js';
import type { RunReference } from '../../workflows/contract/activities.js';
import { askPython } from './ask-python.js';
import type { ActivityDeps } from '../attempt/deps.js';

const answer = z.object({
  sources: z.record(
    z.string(),
    z.object({
      column: z.string(),
      type: z.enum(cursorTypes),
      max: z.string().nullable(),
      nulls: z.int().nullable(),
    }),
  ),
});

/** What a source says of the column that it is read by. */
export type CursorProbe = z.infer<typeof answer>['sources'][string];

/** Asks the incremental sources of a plan about their columns (docs/contracts.md, section 6). */
export async function probeCursors(
  deps: Pick<ActivityDeps, 'root' | 'store' | 'python'>,
  run: RunReference,
): Promise<Record<string, CursorProbe>> {
  return (await askPython(deps, run, 'beam_pipeline.asked.cursors', answer)).sources;
}
