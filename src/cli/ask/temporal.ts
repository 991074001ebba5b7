import type { Beamline, RunFailed, Schedules } from '../../client/index.js';
import { exitCodes, type ExitCode } from '../terminal/errors.js';

/** Connects, does something, and closes the connection however that ends. */
export async function withBeamline<T>(
  options: { root: string; taskQueue?: string },
  action: (beamline: Beamline) => Promise<T>,
): Promise<T> {
  const { Beamline } = await import('../../client/index.js');
  const { applyDevEnvironment } = await import('../../dev/environment/stack-environment.js');
  await applyDevEnvironment(options.root);
  const beamline = await Beamline.connect(options);
  try {
    return await action(beamline);
  } finally {
    await beamline.close();
  }
}

/** Like {@link withBeamline}, for the schedules of the project. */
export async function withSchedules<T>(
  options: { root: string; taskQueue?: string },
  action: (schedules: Schedules) => Promise<T>,
): Promise<T> {
  return withBeamline(options, async (beamline) => action(await beamline.schedules()));
}

/** The exit code of a run that did not succeed. */
export function exitCodeOf(failed: RunFailed): ExitCode {
  const isCancelled = failed.outcome === 'cancelled' || failed.outcome === 'cancelled_outside';
  return isCancelled ? exitCodes.cancelled : exitCodes.failed;
}

/** Where to read what `RUN` can be, in the help of each command. */
export const runArgument = 'run key, workflow id, run id, or `latest`';
