import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { redacted } from '../../../dataflow/redact.js';
import { faultPoint } from '../../../process/fault-point.js';
import { failure } from '../../../shared/failures.js';
import { longestTexts } from '../../../shared/limits.js';
import { shortened } from '../../../shared/shortened.js';
import { objectPaths, readIfThere } from '../../../store/object-store.js';
import type { JobActivities } from '../workflow/job-activities.js';
import type { ActivityDeps } from '../../../activities/attempt/deps.js';
import { pythonFailure, readPythonFailure } from '../../../activities/beam/python-failure.js';

/** Finds what a job that is done has staged; a job that says why it staged nothing fails the run so. */
export function createFindStaged({
  objects,
}: Pick<ActivityDeps, 'objects'>): JobActivities['findStaged'] {
  return async (run, target, ordinal) => {
    await faultPoint('worker:before-find-staged');
    const attempt = objectPaths.attempt(target.store, run.runKey, ordinal);
    const store = await objects();
    const manifestUri = `${attempt}/manifest.json`;
    const manifest = await readIfThere(store, manifestUri);
    if (manifest !== null) {
      const manifestSha256 = createHash('sha256').update(manifest).digest('hex');
      await faultPoint('worker:staged-found');
      return { manifestUri, manifestSha256, attempt: ordinal };
    }
    const said = await readIfThere(store, `${attempt}/failure.json`);
    if (said !== null) throw failureOf(said, attempt);
    throw failure(
      'StagingDamaged',
      `the job is done and left no manifest in ${attempt}: it staged nothing, or its staging was removed`,
    );
  };
}

/** `failure.json` of an attempt: why the launcher or a worker gave up. */
function failureOf(document: Buffer, attempt: string): Error {
  const text = document.toString('utf8');
  let found;
  try {
    found = pythonFailure.safeParse(JSON.parse(text)).data;
  } catch {
    found = undefined;
  }
  if (found === undefined) {
    return failure('ObjectStoreRefused', `${attempt}/failure.json cannot be read`, {
      cause: shortened(redacted(text), longestTexts.line),
    });
  }
  const { type, message, detail } = readPythonFailure(found);
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: true, // Reading it again finds the same; a new launch may help, another look not.
    details: [detail],
  });
}
