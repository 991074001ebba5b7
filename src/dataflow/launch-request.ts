import type { LaunchRequest } from '../gateways/dataflow.js';
import { labelsOf } from '../shared/run/job-identity.js';
import { objectPaths } from '../store/object-store.js';
import type { LaunchJob } from '../shared/run/launch-job.js';

/**
 * What one launch of a run asks the service for: the same each time it is asked.
 * @throws RangeError if the workflow's id is too long for a job's labels
 */
export function launchRequestOf(
  { target, uploaded, runKey, jobName, ordinal, windows }: LaunchJob,
  workflowId: string,
): LaunchRequest {
  const { project, region, store, deployment, launch } = target;
  const { planUri, profilesUri, inputsUri } = uploaded;
  return {
    project,
    region,
    jobName,
    labels: labelsOf({ workflowId, runKey, ordinal, deployment }),
    parameters: {
      plan: planUri,
      staging: objectPaths.attempt(store, runKey, ordinal),
      run_key: runKey,
      attempt: String(ordinal),
      closed: objectPaths.receipt(store, runKey),
      ...(profilesUri !== null && { profiles: profilesUri }),
      ...(inputsUri !== null && { root: inputsUri }),
      ...(windows !== undefined && { windows: JSON.stringify(windows) }),
      // The environment says it, too; the launcher gets a parameter as a flag, whatever becomes of that.
      ...(launch.sdkContainerImage !== undefined && {
        sdk_container_image: launch.sdkContainerImage,
      }),
    },
    launch,
  };
}
