import { z } from 'zod';
import { Context } from '@temporalio/activity';
import { askModule } from '../../process/ask-program.js';
import { pythonEnvironment } from '../../process/python.js';
import { failure } from '../../shared/failures.js';
import { storePaths } from '../../store/local-store.js';
import type { RunReference } from '../../workflows/contract/activities.js';
import { cancellationOf } from '../attempt/cancellation.js';
import type { ActivityDeps } from '../attempt/deps.js';
import { pythonFailure, readPythonFailure } from './python-failure.js';
import { rootsOf } from '../plan/roots-of.js';

const refusal = z.object({ failure: pythonFailure });

/**
 * Asks the data plane about the plan of a run, without running it.
 * @param module of Python, which answers with one document
 * @throws the failure that it answers with
 */
export async function askPython<T>(
  { root, store, python }: Pick<ActivityDeps, 'root' | 'store' | 'python'>,
  run: RunReference,
  module: string,
  answer: z.ZodType<T>,
): Promise<T> {
  const signal = Context.current().cancellationSignal;
  const args = [
    `--plan=${storePaths.plan(store, run.planSha256)}`,
    `--root=${root}`,
    `--roots=${JSON.stringify(rootsOf(root))}`,
    ...(run.profiles === null ? [] : [`--profiles=${run.profiles}`]),
  ];
  const env = pythonEnvironment();
  const asked = { python, module, args, cwd: root, env, signal };
  const { document, stderr, exitCode } = await askModule(asked);
  if (signal.aborted) throw await cancellationOf();
  const refused = refusal.safeParse(document).data;
  if (refused !== undefined) {
    const { type, message, detail, mayPass } = readPythonFailure(refused.failure);
    throw failure(type, message, detail, mayPass);
  }
  const told = answer.safeParse(document);
  if (told.success) return told.data;
  throw failure('InternalError', `the sources could not be asked: exit code ${exitCode ?? '?'}`, {
    stderr,
  });
}
