import { launchRefusalOf } from '../../dataflow/launch-refusal.js';
import { launchRequestOf } from '../../dataflow/launch-request.js';
import { costOf } from '../../dataflow/prices.js';
import { DataflowRefused, JobNameTaken, type RunnerService } from '../../gateways/dataflow.js';
import { createDataflow } from '../../gateways/google-dataflow.js';
import { jobNameOf } from '../../shared/run/job-identity.js';
import { objectPaths } from '../../store/object-store.js';

/** The run key of a launch that is only asked about. */
const noRun = 'aaaaaaaaaa';

export const service: RunnerService = {
  open: () => createDataflow(),
  async wouldTake(target, { pipeline, planSha256, hasProfiles }) {
    const { store } = target;
    const now = new Date();
    const launch = {
      target,
      uploaded: {
        planUri: objectPaths.plan(store, planSha256),
        profilesUri: hasProfiles ? objectPaths.profiles(store, noRun) : null,
        inputsUri: null,
      },
      runKey: noRun,
      jobName: jobNameOf(pipeline, now, noRun, 1),
      ordinal: 1,
      startedAt: now.toISOString(),
      mayExist: false,
      wasReset: false,
    };
    const dataflow = await createDataflow();
    try {
      await dataflow.launch({ ...launchRequestOf(launch, pipeline), validateOnly: true });
    } catch (error) {
      if (error instanceof DataflowRefused) {
        const { status } = error;
        throw new DataflowRefused(launchRefusalOf(error, target), status, { cause: error });
      }
      if (!(error instanceof JobNameTaken)) throw error;
    } finally {
      await dataflow.close();
    }
  },
  costOf,
};
