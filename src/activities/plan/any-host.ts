import { loadCatalogue } from '../../config/modules/catalogue.js';
import type { BuiltPlan } from '../../config/index.js';
import { jobInputs } from '../../config/job/job-inputs.js';
import { usedProfiles } from '../../config/job/job-profiles.js';
import { loadDestination } from '../../destinations/registry.js';
import type { RunnerTarget } from '../../shared/run/job.js';
import type { PreparedRun } from '../../workflows/contract/activities.js';
import type { ActivityDeps } from '../attempt/deps.js';
import { keepPlan } from './read-plan.js';

/** What hosts other than the one that prepares a run need to go on with it. */
export interface AnyHost extends Pick<PreparedRun, 'bucket' | 'uploads'> {
  /** Of the sinks that any host reaches, by name: the parameters that name the destination. */
  addresses: Record<string, unknown>;
}

/** Says what any host can do of a run, and puts the plan of a job where every host finds it. */
export async function anyHostOf(
  { root, objects }: Pick<ActivityDeps, 'root' | 'objects'>,
  { plan, sha256, canonicalJson, profiles }: BuiltPlan,
  target: RunnerTarget | null,
): Promise<AnyHost> {
  const addresses: AnyHost['addresses'] = {};
  for (const { name, module, parameters } of plan.sinks) {
    const { address, parameters: schema } = await loadDestination(module);
    if (address !== null) addresses[name] = address(schema.parse(parameters));
  }
  if (target === null) return { addresses };
  await keepPlan(await objects(), target.store, { sha256, text: canonicalJson });
  const uploads =
    (profiles !== null && usedProfiles(plan).length > 0) ||
    jobInputs(plan, loadCatalogue(root)).length > 0;
  return { addresses, bucket: target.store, ...(uploads ? { uploads: 'from host' } : {}) };
}
