import type { BuiltPlan } from '../../config/index.js';
import { launchRefusalOf } from '../../dataflow/launch-refusal.js';
import { launchRequestOf } from '../../dataflow/launch-request.js';
import {
  DataflowRefused,
  DataflowUnavailable,
  JobNameTaken,
  type Dataflow,
} from '../../gateways/dataflow.js';
import type { DataflowTarget } from '../../shared/run/job.js';
import { jobNameOf } from '../../shared/run/job-identity.js';
import { objectPaths } from '../../store/object-store.js';
import { CliError, exitCodes } from '../terminal/errors.js';

/** The run key of a launch that is only asked about. */
const noRun = 'aaaaaaaaaa';

/**
 * Asks Dataflow whether it would take the launch of a plan; nothing is launched.
 * @param unasked the same command that does not ask, for a hint
 * @throws CliError with exit code 2 if it refuses, 3 if it cannot be reached
 */
export async function askDataflow(
  target: DataflowTarget,
  { plan, sha256, profiles }: BuiltPlan,
  { root, unasked }: { root: string; unasked: string },
): Promise<void> {
  const { store } = target;
  const request = launchRequestOf(
    {
      target,
      uploaded: {
        planUri: objectPaths.plan(store, sha256),
        profilesUri: profiles === null ? null : objectPaths.profiles(store, noRun),
        inputsUri: null,
      },
      runKey: noRun,
      jobName: jobNameOf(plan.name, new Date(), noRun, 1),
      ordinal: 1,
      startedAt: new Date().toISOString(),
      mayExist: false,
      wasReset: false,
    },
    plan.name,
  );
  const { createDataflow } = await import('../../gateways/google-dataflow.js');
  const { environmentFor } = await import('../../dev/environment/stack-environment.js');
  const env = await environmentFor(root);
  const dataflow = await createDataflow({ emulator: env['DATAFLOW_EMULATOR_HOST'] });
  try {
    await validate(dataflow, { ...request, validateOnly: true }, target, unasked);
  } finally {
    await dataflow.close();
  }
}

async function validate(
  dataflow: Dataflow,
  request: Parameters<Dataflow['launch']>[0],
  target: DataflowTarget,
  unasked: string,
): Promise<void> {
  try {
    await dataflow.launch(request);
  } catch (error) {
    if (error instanceof DataflowRefused) {
      const message = launchRefusalOf(error, target);
      throw new CliError(message, { exitCode: exitCodes.badInput, cause: error });
    }
    if (error instanceof DataflowUnavailable) {
      const { message } = error;
      throw new CliError(`Dataflow cannot be reached: ${message}`, {
        exitCode: exitCodes.unreachable,
        hint: `Without asking it: ${unasked}`,
        cause: error,
      });
    }
    if (!(error instanceof JobNameTaken)) throw error;
  }
}
