import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../../src/emulator/state/faults.js';
import { isAlive, wake } from '../support/hosts.js';
import type { MemberName } from './schedule.js';
import type { World } from './world.js';

type Signal = 'SIGKILL' | 'SIGSTOP';

/** Carries out what a schedule decides, and undoes it in the end. */
export interface Faults {
  hit(member: MemberName, signal: Signal, forMs: number): void;
  /** @param host the host whose workers alone can meet it */
  arm(point: string, signal: Signal, forMs: number, host?: number): Promise<void>;
  script(fault: Fault): Promise<void>;
  /** Disarms what was not met, wakes who sleeps, and returns when every process serves. */
  heal(): Promise<void>;
  /** Faults that took place, by name. */
  readonly counts: ReadonlyMap<string, number>;
}

const lookEveryMs = 25;

export function createFaults(world: World, note: (text: string) => void): Faults {
  const armed = new Map<string, { signal: Signal; forMs: number }>();
  const children = new Set<number>();
  const counts = new Map<string, number>();
  const healing = new AbortController();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const members = [...world.members.values()];
  const folders = [...new Set([world.faults, ...world.hosts.map((host) => host.faults)])];
  const watching = watch();

  async function watch(): Promise<void> {
    while (!healing.signal.aborted) {
      for (const folder of folders) {
        const names = await readdir(folder);
        for (const name of names) {
          if (name.endsWith('.hit')) await taken(join(folder, name.slice(0, -4)));
          else await rearm(folder, name);
        }
      }
      await sleep(lookEveryMs);
    }
  }

  /** A process that took a point was killed at another one before it could tell. */
  async function rearm(folder: string, name: string): Promise<void> {
    const [, point, pid] = /^(.+)\.(\d+)(?:\.tmp)?$/.exec(name) ?? [];
    if (point === undefined || isAlive(Number(pid))) return;
    await rm(join(folder, name), { force: true });
    const file = join(folder, point);
    const told = armed.get(file);
    if (told && !(await readdir(folder)).includes(`${point}.hit`)) {
      await writeFile(file, told.signal);
    }
  }

  /** A process was hit at a boundary: one of the members, or a child of theirs. */
  async function taken(file: string): Promise<void> {
    const point = basename(file);
    const pid = Number(await readFile(`${file}.hit`, 'utf8'));
    await rm(`${file}.hit`);
    const { signal, forMs } = armed.get(file) ?? { signal: 'SIGSTOP', forMs: 0 };
    armed.delete(file);
    count(`${signal} at ${point}`);
    note(`${signal} at ${point}, process ${pid}, ${forMs} ms`);
    if (members.some((member) => member.wasHit(pid, signal, forMs))) return;
    if (signal === 'SIGKILL') return;
    children.add(pid);
    setTimeout(() => {
      children.delete(pid);
      if (isAlive(pid)) wake(pid);
    }, forMs);
  }

  const url = `${world.emulator}/emulator/faults`;

  return {
    counts,
    hit(member, signal, forMs) {
      count(`${signal} of ${member}`);
      note(`${signal} of ${member}, ${forMs} ms`);
      world.members.get(member)?.hit(signal, forMs);
    },
    async arm(point, signal, forMs, host) {
      const folder = host === undefined ? world.faults : world.hosts[host]?.faults;
      const file = join(folder ?? world.faults, point);
      if (armed.has(file)) return;
      armed.set(file, { signal, forMs });
      await writeFile(file, signal);
    },
    async script(fault) {
      count(`emulator: ${fault.fault}${'status' in fault ? ` ${fault.status}` : ''}`);
      note(`emulator: ${JSON.stringify(fault)}`);
      await persistently(async () => {
        const pending = (await (await fetch(url)).json()) as Fault[];
        await put(url, [...pending, fault]);
      });
    },
    async heal() {
      for (const file of armed.keys()) await rm(file, { force: true });
      healing.abort();
      await watching;
      for (const pid of children) if (isAlive(pid)) wake(pid);
      for (const member of members) await member.heal();
      await persistently(() => put(url, []));
    },
  };
}

async function put(url: string, faults: readonly Fault[]): Promise<void> {
  const answer = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(faults),
    signal: AbortSignal.timeout(3_000),
  });
  if (!answer.ok) throw new Error(`the emulator refuses the faults: ${await answer.text()}`);
}

/** Tries until it succeeds: the process that is asked may be dead or asleep. */
export async function persistently<T>(
  call: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => false,
): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (isFinal(error)) throw error;
      await sleep(200);
    }
  }
}
