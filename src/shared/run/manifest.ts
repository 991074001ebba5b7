import { z } from 'zod';
import { cursorTypes, windowBases, type SourceWindow } from './window.js';

const count = z.int().nonnegative();

/** What one step did, as counted by Beam's committed metrics. */
export const manifestStep = z.object({
  kind: z.enum(['source', 'transform']),
  module: z.string(),
  rows_in: count.nullable(),
  rows_out: count,
  rows_rejected: count,
  bytes_out: count,
  row_wise: z.boolean(),
  consistency: z.enum(['snapshot', 'per_range']).optional(),
});
export type ManifestStep = z.infer<typeof manifestStep>;

/** See `SourceWindow`. */
export const sourceWindow = z.object({
  column: z.string(),
  type: z.enum(cursorTypes),
  low: z.string().nullable(),
  low_inclusive: z.boolean(),
  high: z.string(),
  next: z.string(),
  basis: z.enum(windowBases),
}) satisfies z.ZodType<SourceWindow>;

/** What one attempt staged for one sink. */
export const manifestSink = z.object({
  /** Absent in a manifest of before there were others. */
  kind: z.literal('staged').optional(),
  input: z.string(),
  rows: count,
  bytes: count,
  schema: z.array(z.object({ name: z.string(), type: z.string(), nullable: z.boolean() })),
  files: z.array(z.object({ uri: z.string(), rows: count, bytes: count })).min(1),
});
export type ManifestSink = z.infer<typeof manifestSink>;

/** What one sink wrote inside the job. */
export const writtenSink = z.object({
  kind: z.literal('in_job'),
  module: z.string(),
  input: z.string(),
  /** What a row does that is written again, by the module's own word. */
  idempotence: z.string(),
  rows: count,
  bytes: count,
});
export type WrittenSink = z.infer<typeof writtenSink>;

/** `manifest.json` of an attempt (docs/contracts.md, section 4). */
export const manifest = z.object({
  version: z.literal(1),
  run_key: z.string(),
  attempt: z.string(),
  plan_sha256: z.string(),
  steps: z.record(z.string(), manifestStep),
  sinks: z.record(z.string(), manifestSink),
  /** Of the sinks that write inside the job; absent if there are none. */
  written: z.record(z.string(), writtenSink).optional(),
  /** What was read of each incremental source. */
  windows: z.record(z.string(), sourceWindow).default({}),
});
export type Manifest = z.infer<typeof manifest>;
