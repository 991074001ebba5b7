import type { LaunchStorage } from '../state/storage.js';
import type { JobRecord, Simulation } from '../state/job-record.js';
import { launchFolderOf, type CommandFailure } from '../state/messages.js';
import { consoleLog } from './output.js';

/** Writes a simulated job's objects; null if each is there now, else what went wrong. */
export async function writeObjects(
  { writes }: Simulation,
  storage: LaunchStorage | null,
): Promise<string | null> {
  if (writes.length > 0 && storage === null)
    return 'Could not write: there is no storage emulator.';
  try {
    for (const { uri, content } of writes) await storage?.createOnce(uri, content);
    return null;
  } catch (error) {
    return `Could not write: ${String(error)}`;
  }
}

/** Leaves the log of a launcher that failed where the job's first message says that it is. */
export async function writeLauncherLog(
  job: JobRecord,
  folder: string,
  { stderr }: CommandFailure,
  storage: LaunchStorage | null,
): Promise<void> {
  const uri = launchFolderOf(job);
  if (uri === null || storage === null) return;
  await storage.createOnce(`${uri}/console_logs`, consoleLog(folder) || `${stderr}\n`);
}
