import { serviceOf } from '../../client/look/runner-service.js';
import type { BuiltPlan } from '../../config/index.js';
import { DataflowRefused, DataflowUnavailable } from '../../gateways/dataflow.js';
import type { DataflowTarget } from '../../shared/run/job.js';
import { CliError, exitCodes } from '../terminal/errors.js';

/**
 * Asks the service of a runner whether it would take the launch of a plan; nothing is launched.
 * @param unasked the same command that does not ask, for a hint
 * @throws CliError with exit code 2 if it refuses, 3 if it cannot be reached
 */
export async function askLaunch(
  { runner, target }: { runner: string; target: DataflowTarget },
  { plan, sha256, profiles }: BuiltPlan,
  unasked: string,
): Promise<void> {
  const { wouldTake } = await serviceOf(runner);
  try {
    await wouldTake(target, {
      pipeline: plan.name,
      planSha256: sha256,
      hasProfiles: profiles !== null,
    });
  } catch (error) {
    if (error instanceof DataflowRefused) {
      throw new CliError(error.message, { exitCode: exitCodes.badInput, cause: error });
    }
    if (error instanceof DataflowUnavailable) {
      throw new CliError(`Dataflow cannot be reached: ${error.message}`, {
        exitCode: exitCodes.unreachable,
        hint: `Without asking it: ${unasked}`,
        cause: error,
      });
    }
    throw error;
  }
}
