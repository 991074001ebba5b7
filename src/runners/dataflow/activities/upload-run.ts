import type { Client } from '@temporalio/client';
import { loadCatalogue } from '../../../config/modules/catalogue.js';
import { jobInputs } from '../../../config/job/job-inputs.js';
import { jobProblems } from '../../../config/job/job-problems.js';
import { ConfigProblems, type Problem } from '../../../config/document/problems.js';
import { faultPoint } from '../../../process/fault-point.js';
import { failure } from '../../../shared/failures.js';
import { readPinnedPlan } from '../../../store/pinned-plans.js';
import { objectPaths, PreconditionFailed, type ObjectStore } from '../../../store/object-store.js';
import type { JobActivities } from '../workflow/job-activities.js';
import { assertColumnsOfJob } from '../../../activities/beam/assert-columns.js';
import { assertRunOpen } from '../../../activities/attempt/assert-run-open.js';
import type { ActivityDeps } from '../../../activities/attempt/deps.js';
import { keepPlan, readPlan } from '../../../activities/plan/read-plan.js';
import { uploadInputs } from './upload-inputs.js';
import { profilesForJob } from './upload-profiles.js';

/**
 * Uploads what a job reads: the pinned plan and the files of its sources, both by content, and the
 * connection profiles that it uses. Uploading twice changes nothing.
 * @param assertColumns refuses columns before anything is uploaded
 */
export function createUploadRun(
  deps: Pick<ActivityDeps, 'root' | 'store' | 'client' | 'objects' | 'python'>,
  assertColumns = assertColumnsOfJob,
): JobActivities['uploadRun'] {
  return async (run, { store }, allowPlaintext) => {
    const { root } = deps;
    await faultPoint('worker:before-upload');
    const plan = await readPlan(deps, run);
    const job = { plan, profiles: run.profiles };
    asConfigError(() => jobProblems(null, job, { root, allowPlaintext }));
    const profiles = await profilesForJob(job, root);
    await assertColumns(deps, run, plan);
    const objects = await deps.objects();
    const receipt = objectPaths.receipt(store, run.runKey);
    await reopen(objects, receipt, deps.client);
    const planUri = objectPaths.plan(store, run.planSha256);
    const text = await readPinnedPlan(deps.store, run.planSha256);
    await keepPlan(objects, store, { sha256: run.planSha256, text });
    const inputs = jobInputs(plan, loadCatalogue(root));
    const inputsUri = await uploadInputs(objects, { root, store, inputs });
    await faultPoint('worker:inputs-uploaded');
    if (profiles === null) return { planUri, profilesUri: null, inputsUri };
    const profilesUri = objectPaths.profiles(store, run.runKey);
    await assertRunOpen(deps.client);
    await objects.write(profilesUri, profiles);
    // A run that ended while this attempt slept has removed its profiles already.
    if ((await objects.stat(receipt)) !== null) {
      await objects.remove(profilesUri);
      throw failure('RunEnded', 'the run has ended meanwhile');
    }
    return { planUri, profilesUri, inputsUri };
  };
}

/**
 * Takes the receipt away that closes a run which was reset after its end: with it, no launcher would
 * start. Only the receipt that was there before the run was found open: never that of its next end.
 */
async function reopen(objects: ObjectStore, receipt: string, client: Client): Promise<void> {
  const found = await objects.stat(receipt);
  await assertRunOpen(client);
  if (found === null) return;
  try {
    await objects.remove(receipt, { ifGeneration: found.generation });
  } catch (error) {
    if (!(error instanceof PreconditionFailed)) throw error;
    throw failure('RunEnded', 'the run has ended meanwhile');
  }
}

function asConfigError(problemsOf: () => Problem[]): void {
  try {
    const problems = problemsOf();
    if (problems.length > 0) throw new ConfigProblems(problems);
  } catch (error) {
    if (error instanceof ConfigProblems) throw failure('ConfigError', error.message);
    throw error;
  }
}
