import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { CommandFailure } from '../state/messages.js';

const line = z.discriminatedUnion('event', [
  z.looseObject({
    event: z.literal('progress'),
    steps: z.record(z.string(), z.looseObject({ rows: z.number(), bytes: z.number().default(0) })),
  }),
  z.looseObject({
    event: z.literal('failed'),
    failure: z.looseObject({
      message: z.string(),
      step: z.string().nullish(),
      traceback: z.string().nullish(),
    }),
  }),
  z.looseObject({ event: z.literal('started') }),
  z.looseObject({ event: z.literal('finished') }),
]);

/** What a job's command has said so far (docs/contracts.md, section 3). */
export interface Output {
  /** Whether a step has shown itself: before that it did what the launcher does. */
  launched: boolean;
  steps: Record<string, { rows: number; bytes: number }>;
  failure: { message: string; step?: string; traceback?: string } | null;
}

export function readOutput(folder: string): Output {
  const output: Output = { launched: false, steps: {}, failure: null };
  for (const text of lastText(join(folder, 'stdout'), 256 * 1024).split('\n')) {
    const parsed = line.safeParse(parse(text));
    if (!parsed.success) continue;
    const event = parsed.data;
    if (event.event === 'progress') {
      for (const [step, { rows, bytes }] of Object.entries(event.steps)) {
        output.steps[step] = { rows, bytes };
      }
    } else if (event.event === 'failed') {
      const { message, step, traceback } = event.failure;
      output.failure = { message, ...(step ? { step } : {}), ...(traceback ? { traceback } : {}) };
    }
  }
  output.launched = Object.keys(output.steps).length > 0 || output.failure?.step !== undefined;
  return output;
}

/** Says of a command that ended without success how that came about. */
export function failureOf(folder: string, exitCode: number | null): CommandFailure {
  return { ...readOutput(folder).failure, stderr: lastLines(folder, 40), exitCode };
}

/** All that the launcher wrote, as far as it is kept. */
export function consoleLog(folder: string): string {
  return ['stdout', 'stderr'].map((name) => lastText(join(folder, name), 1024 * 1024)).join('');
}

/** The last lines that the command wrote to standard error. */
export function lastLines(folder: string, count: number): string {
  return lastText(join(folder, 'stderr'), 64 * 1024)
    .trimEnd()
    .split('\n')
    .slice(-count)
    .join('\n');
}

function lastText(file: string, bytes: number): string {
  if (!existsSync(file)) return '';
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    const read = readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(descriptor);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // A library that prints to standard output, or a line cut at its start.
  }
}
