import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

interface ProcessRecord {
  pid: number;
  host: string;
  /** What the system says of when the process started: process ids are used again. */
  startedAt: string;
}

/**
 * Records a child of ours under `folder`, so that a later attempt can end it if it still lives.
 * @returns a function that removes the record
 */
export async function recordProcess(folder: string, pid: number): Promise<() => Promise<void>> {
  const startedAt = await startOf(pid);
  if (startedAt === null) return async () => undefined;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${pid}.json`);
  const record: ProcessRecord = { pid, host: hostname(), startedAt };
  await writeFile(file, JSON.stringify(record), { mode: 0o600 }).catch(async (error: unknown) => {
    await rm(file, { force: true });
    throw error;
  });
  return () => rm(file, { force: true });
}

/**
 * Ends every process recorded under `folder`, with its process group, and returns the ids of those
 * that were alive. A process that is stopped (SIGSTOP) and holds a lock is ended as well.
 */
export async function endRecordedProcesses(folder: string): Promise<number[]> {
  const ended: number[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const file = join(folder, name);
    const record = await readRecord(file);
    if (record && record.host === hostname() && (await startOf(record.pid)) === record.startedAt) {
      killGroup(record.pid, 'SIGKILL');
      ended.push(record.pid);
      while ((await startOf(record.pid)) === record.startedAt) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    await rm(file, { force: true });
  }
  return ended;
}

/** Signals the process group that `pid` leads; false if there is none. */
export function killGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

async function readRecord(file: string): Promise<ProcessRecord | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProcessRecord;
  } catch {
    return null; // Written halfway by a worker that was killed.
  }
}

/** When the process started, in the system's own words; null if it does not run (or is a zombie). */
export async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    if (process.platform === 'linux') return null;
  }
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]);
    return stdout.trim() || null;
  } catch {
    return null;
  }
}
