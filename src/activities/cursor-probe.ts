import { execa } from 'execa';
import { z } from 'zod';
import { Context } from '@temporalio/activity';
import { jsonOf } from '../process/json-lines.js';
import { pythonEnvironment } from '../process/python.js';
import { failure } from '../shared/failures.js';
import { cursorTypes } from '../shared/window.js';
import { storePaths } from '../store/local-store.js';
import type { RunReference } from '../workflows/activities.js';
import { cancellationOf } from './activity-run.js';
import type { ActivityDeps } from './deps.js';
import { pythonFailure, readPythonFailure } from './python-failure.js';
import { rootsOf } from './roots-of.js';

const answer = z.union([
  z.object({
    sources: z.record(
      z.string(),
      z.object({
        column: z.string(),
        type: z.enum(cursorTypes),
        max: z.string().nullable(),
        nulls: z.int().nullable(),
      }),
    ),
  }),
  z.object({ failure: pythonFailure }),
]);

/** What a source says of the column that it is read by. */
export type CursorProbe = Extract<z.infer<typeof answer>, { sources: unknown }>['sources'][string];

/** Asks the incremental sources of a plan about their columns (docs/contracts.md, section 6). */
export async function probeCursors(
  { root, store, python }: Pick<ActivityDeps, 'root' | 'store' | 'python'>,
  run: RunReference,
): Promise<Record<string, CursorProbe>> {
  const signal = Context.current().cancellationSignal;
  const args = [
    '-m',
    'beam_pipeline.cursors',
    `--plan=${storePaths.plan(store, run.planSha256)}`,
    `--root=${root}`,
    `--roots=${JSON.stringify(rootsOf(root))}`,
    ...(run.profiles === null ? [] : [`--profiles=${run.profiles}`]),
  ];
  const { stdout, stderr, exitCode } = await execa(python, args, {
    cwd: root,
    env: pythonEnvironment(),
    extendEnv: false,
    reject: false,
    cancelSignal: signal,
    forceKillAfterDelay: 2_000,
  });
  if (signal.aborted) throw await cancellationOf();
  const told = answer.safeParse(jsonOf(stdout)).data;
  if (told === undefined) {
    throw failure('InternalError', `the sources could not be asked: exit code ${exitCode ?? '?'}`, {
      stderr: stderr.split('\n').slice(-20),
    });
  }
  if ('sources' in told) return told.sources;
  const { type, message, detail, mayPass } = readPythonFailure(told.failure);
  throw failure(type, message, detail, mayPass);
}
