import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { located } from '../../config/plan/located.js';
import type { PinnedPlan, Plan } from '../../config/plan/plan-types.js';
import { failure, type FailureType } from '../../shared/failures.js';
import { objectPaths, readIfThere, type ObjectStore } from '../../store/object-store.js';
import { pinPlan, readPinnedPlan } from '../../store/pinned-plans.js';
import type { RunReference } from '../../workflows/contract/activities.js';
import type { ActivityDeps } from '../attempt/deps.js';

type PlanDeps = Pick<ActivityDeps, 'store' | 'objects'>;
type RunDeps = PlanDeps & Pick<ActivityDeps, 'root'>;

/** Reads the pinned plan of a run, whole: from this worker's store, else from the run's bucket. */
export async function readPlan(deps: RunDeps, run: RunReference): Promise<Plan> {
  const { store } = deps;
  if (run.bucket === undefined && run.storeId !== store.id) {
    throw failure(
      'InternalError',
      `this run's files are in the store ${run.storeId}, this worker has the store ${store.id}`,
    );
  }
  return planIn(await pinnedPlan(deps, run.planSha256, run.bucket), deps, run);
}

/** A pinned plan, with its destinations as the run that names it has them. */
export async function planIn(
  text: string,
  { root }: Pick<ActivityDeps, 'root'>,
  { storeId }: Pick<RunReference, 'storeId'>,
): Promise<Plan> {
  return located(JSON.parse(text) as PinnedPlan, { root, storeId });
}

/**
 * The text of a pinned plan. One that is not here, or damaged, is taken from the bucket and kept here:
 * processes read it by its path.
 * @param bucket folder of an object store; undefined if the plan is in no such store
 * @throws `StoreUnavailable` if it is in neither place, or was changed where it is
 */
export async function pinnedPlan(
  { store, objects }: PlanDeps,
  sha256: string,
  bucket: string | undefined,
): Promise<string> {
  try {
    return await readPinnedPlan(store, sha256);
  } catch (error) {
    if (bucket === undefined || !isUnavailable(error)) throw error;
    const uri = objectPaths.plan(bucket, sha256);
    const text = (await readIfThere(await objects(), uri))?.toString('utf8');
    if (text === undefined) throw error;
    const found = createHash('sha256').update(text).digest('hex');
    if (found !== sha256) {
      throw failure(
        'StoreUnavailable',
        `${uri} was changed or damaged after it was pinned (sha256 ${found}): run the config again, ` +
          'which writes it anew if it is unchanged',
      );
    }
    await pinPlan(store, sha256, text);
    return text;
  }
}

/** Puts a plan into the bucket, over whatever is there under its name and is not this plan. */
export async function keepPlan(
  objects: ObjectStore,
  bucket: string,
  { sha256, text }: { sha256: string; text: string },
): Promise<void> {
  const uri = objectPaths.plan(bucket, sha256);
  if (await objects.createOnce(uri, text)) return;
  const md5 = createHash('md5').update(text).digest('base64');
  if ((await objects.stat(uri))?.md5 !== md5) await objects.write(uri, text);
}

/** Whether a plan is in no place where it could be read, as far as that is known. */
export function isUnavailable(error: unknown): boolean {
  const type: FailureType = 'StoreUnavailable';
  return error instanceof ApplicationFailure && error.type === type;
}
