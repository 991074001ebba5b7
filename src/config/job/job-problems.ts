import { loadCatalogue } from '../modules/catalogue.js';
import type { LoadedConfig } from '../document/document.js';
import { certificatePathProblems } from './job-certificates.js';
import { jobInputProblems, jobInputs } from './job-inputs.js';
import { loadUsedProfiles, plaintextProfileProblems, type JobPlan } from './job-profiles.js';
import type { Problem } from '../document/problems.js';

/**
 * Why a job on Dataflow could not read what a plan reads: files that are not copied for it, passwords
 * that it may not get or cannot resolve, certificates that it does not have.
 * @param loaded the config; null if only its pinned plan is at hand
 * @throws `ConfigProblems` if the connection profiles cannot be read
 */
export function jobProblems(
  loaded: LoadedConfig | null,
  job: JobPlan,
  { root, allowPlaintext = false }: { root: string; allowPlaintext?: boolean },
): Problem[] {
  const { plan } = job;
  const used = loadUsedProfiles(job, root);
  return [
    ...jobInputProblems(loaded, jobInputs(plan, loadCatalogue(root))),
    ...plaintextProfileProblems(loaded, plan, used, allowPlaintext),
    ...certificatePathProblems(loaded, plan, used),
  ];
}
