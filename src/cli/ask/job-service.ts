import type { Run, RunSnapshot } from '../../client/index.js';
import { serviceOf } from '../../client/look/runner-service.js';
import {
  DataflowRefused,
  DataflowUnavailable,
  JobNotFound,
  type JobService,
} from '../../gateways/dataflow.js';
import type { JobReference, ReceiptJob } from '../../shared/run/job.js';
import { CliError, exitCodes } from '../terminal/errors.js';

/** Opens the service of a runner, does something, and closes it however that ends. */
export async function withService<T>(
  runner: string,
  action: (service: JobService) => Promise<T>,
): Promise<T> {
  const service = await (await serviceOf(runner)).open();
  try {
    return await action(service);
  } catch (error) {
    throw explained(error);
  } finally {
    await service.close();
  }
}

/** Where a run's job is; null while its id is not known. */
export function referenceOf(job: ReceiptJob | null | undefined): JobReference | null {
  if (!job || job.job_id === '') return null;
  return { project: job.project, region: job.region, jobId: job.job_id };
}

/** The job of a run, open or ended. */
export async function jobOf(run: Run, snapshot: RunSnapshot): Promise<ReceiptJob | null> {
  if (snapshot.job !== null || snapshot.closed_at === null) return snapshot.job;
  const receipt = await run.receipt().catch(() => null);
  return receipt?.job ?? null;
}

function explained(error: unknown): unknown {
  if (error instanceof DataflowUnavailable) {
    return new CliError(`Dataflow does not answer: ${error.message}`, {
      exitCode: exitCodes.unreachable,
      cause: error,
    });
  }
  if (error instanceof DataflowRefused) {
    return new CliError(`Dataflow refuses: ${error.message}`, {
      exitCode: exitCodes.unreachable,
      hint: 'Log in (gcloud auth application-default login), and have roles/dataflow.viewer.',
      cause: error,
    });
  }
  if (error instanceof JobNotFound) {
    return new CliError(`Dataflow does not know the job any more: ${error.message}`, {
      exitCode: exitCodes.failed,
      cause: error,
    });
  }
  return error;
}
