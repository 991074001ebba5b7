import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { packageRoot, pinnedVersion } from '../../src/dev/services/tools.js';

/** Clock ticks in a second: `getconf CLK_TCK`, 100 on every Linux that Node runs on. */
const ticks = 100;

/** What the measurements ran on. */
export function machine(): Record<string, string | number> {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
  };
}

export function versions(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(`${packageRoot}/package.json`, 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const commit = ['-C', packageRoot, 'rev-parse', '--short', 'HEAD'];
  return {
    commit: execFileSync('git', commit, { encoding: 'utf8' }).trim(),
    node: process.version,
    '@temporalio/worker': dependencies['@temporalio/worker'] ?? '',
    'temporal CLI, dev server on SQLite': pinnedVersion('temporal-cli'),
  };
}

/** Load averages of one, five and fifteen minutes. */
export function load(): number[] {
  return loadavg().map((value) => Math.round(value * 100) / 100);
}

interface Process {
  pid: number;
  parent: number;
  /** Seconds of user and system time, of children that have ended too. */
  cpu: number;
  command: string;
}

function processes(): Process[] {
  const found: Process[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const cpu = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0) / ticks;
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      found.push({ pid: Number(name), parent: Number(fields[1]), cpu, command });
    } catch {
      // It has ended.
    }
  }
  return found;
}

/** Seconds of CPU that each part of the stack has used so far, its ended children included. */
export function cpuByPart(root: string, worker: number): Record<string, number> {
  const all = processes();
  const below = (pid: number): Process[] =>
    all.filter(({ parent }) => parent === pid).flatMap((one) => [one, ...below(one.pid)]);
  // A shell waits for each service of the stack, and counts nothing of it before it ends.
  const part = (text: string) =>
    cpuOfAll(
      all.filter(
        ({ command }) =>
          command.includes(text) && command.includes(root) && !command.startsWith('sh '),
      ),
    );
  return {
    'worker and its children': cpuOfAll(
      all.filter(({ pid }) => pid === worker).concat(below(worker)),
    ),
    temporal: part('server start-dev'),
    'dataflow emulator': part('emulator/main.js'),
    'storage emulator': part('-m storage_emulator'),
    gateway: part('gateway/main.js'),
  };
}

function cpuOfAll(chosen: readonly Process[]): number {
  return chosen.reduce((total, { cpu }) => total + cpu, 0);
}

/** Seconds of CPU that the whole machine has used since it was started. */
export function cpuOfMachine(): number {
  const [, ...fields] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/) ?? [];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = fields.map(Number);
  return (user + nice + system + irq + softirq) / ticks;
}

/** Resident memory of a process, MiB. */
export function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** User and system time of a process alone, seconds. */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}
