import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killGroup, startOf } from '../../process/process-record.js';
import type { JobProcess } from './job-record.js';

/**
 * Runs the command as the leader of its own process group and leaves what it did in the job's
 * folder, whether or not the emulator lives: `pid`, `stdout`, `stderr` and, in the end, `exit`.
 * Whoever makes `claim` runs it, so that two starts of one job run it once.
 */
const wrapper = `
dir=$1; shift
mkdir "$dir/claim" 2>/dev/null || exit 0
child= term=
trap 'term=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT HUP
echo $$ >"$dir/pid.tmp"; mv "$dir/pid.tmp" "$dir/pid"
"$@" </dev/null >"$dir/stdout" 2>"$dir/stderr" & child=$!
[ -z "$term" ] || kill -TERM "$child" 2>/dev/null
wait "$child"; code=$?
while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
echo "$code" >"$dir/exit.tmp"; mv "$dir/exit.tmp" "$dir/exit"
`;

export interface Command {
  /** Program and arguments. */
  line: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

/** Starts a job's command, or finds it if an earlier start got that far. */
export async function startChild(folder: string, command: Command): Promise<JobProcess> {
  mkdirSync(folder, { recursive: true });
  const child = spawn('sh', ['-c', wrapper, 'job', folder, ...command.line], {
    cwd: command.cwd,
    env: command.env,
    detached: true,
    stdio: 'ignore',
  });
  child.unref();
  const ended = new AbortController();
  for (const event of ['exit', 'error']) child.once(event, () => ended.abort());
  const file = join(folder, 'pid');
  while (!existsSync(file) && !ended.signal.aborted) await sleep(5);
  // Claimed by a start that died before it could say its id: nothing runs.
  if (!existsSync(file)) return { pid: 0, startedAt: null };
  const pid = Number(readFileSync(file, 'utf8'));
  return { pid, startedAt: await startOf(pid) };
}

/** Whether that process runs. */
export async function isAlive({ pid, startedAt }: JobProcess): Promise<boolean> {
  return pid > 0 && startedAt !== null && (await startOf(pid)) === startedAt;
}

/** Signals the process's group, if it is still the group of that process. */
export async function signalChild(process: JobProcess, signal: NodeJS.Signals): Promise<void> {
  if (process.pid <= 0) return;
  const started = await startOf(process.pid);
  // Dead, its group can hold grandchildren; another start time means that the id was used again.
  if (started !== null && started !== process.startedAt) return;
  killGroup(process.pid, signal);
}

/**
 * Waits for the end of a job's command.
 * @returns its exit code; null if it vanished without leaving one
 */
export async function endOfChild(
  folder: string,
  process: JobProcess,
  signal: AbortSignal,
): Promise<number | null> {
  const exit = join(folder, 'exit');
  for (;;) {
    signal.throwIfAborted();
    const alive = await isAlive(process);
    if (existsSync(exit)) {
      await signalChild(process, 'SIGKILL'); // Grandchildren that outlived the command.
      return Number(readFileSync(exit, 'utf8'));
    }
    if (!alive) {
      await signalChild(process, 'SIGKILL');
      return null;
    }
    await sleep(pollMs, undefined, { signal });
  }
}

const pollMs = 50;
