import { z } from 'zod';
import { cursorTypes, type RecordedCursor } from '../shared/run/window.js';
import { commitOrder, type LoggedOrigin } from './commit-order.js';

/** A `CommitOrigin`, as the log of a destination keeps it. */
export const commitOrigin = z.object({
  pipeline: z.string(),
  planSha256: z.string(),
  manifestUri: z.string(),
  manifestSha256: z.string(),
  storeId: z.string(),
  sinks: z.array(z.string()),
  order: commitOrder.optional(),
}) satisfies z.ZodType<LoggedOrigin>;

/** A {@link RecordedCursor}, as the log of a destination keeps it. */
export const recordedCursor = z.object({
  column: z.string(),
  type: z.enum(cursorTypes),
  next: z.string(),
}) satisfies z.ZodType<RecordedCursor>;
