import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A named step boundary at which a crash test may stop or kill this process.
 *
 * Nothing happens unless the environment variable BEAMLINE_FAULT_POINTS names a folder that holds
 * a file of the point's name; its text is the signal to raise (`SIGKILL`, `SIGSTOP`). Taking the
 * file is atomic, so one process at a time is hit, once; `<name>.hit` then holds its process id.
 */
export async function faultPoint(name: string): Promise<void> {
  const folder = process.env['BEAMLINE_FAULT_POINTS'];
  if (!folder) return;
  const taken = join(folder, `${name}.${process.pid}`);
  try {
    await rename(join(folder, name), taken);
  } catch {
    return;
  }
  const signal = (await readFile(taken, 'utf8')).trim();
  await writeFile(`${taken}.tmp`, String(process.pid));
  await rename(`${taken}.tmp`, join(folder, `${name}.hit`));
  process.kill(process.pid, signal);
  await sleep(20); // A signal to oneself is delivered at the next turn at the latest.
}
