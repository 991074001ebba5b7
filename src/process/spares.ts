import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Child, type ChildOptions } from './child.js';
import { readJsonLines } from './json-lines.js';
import { endRecordedProcesses, startOf } from './process-record.js';

/** Bytes that are free, to this process's container if it is in one, below which no spare is started. */
const leastFreeBytes = 2 * 1024 ** 3;
/** Milliseconds in which a spare that is ready answers before it is given a task. */
const answerWithinMs = 200;
/** Milliseconds between two words of a spare that still imports; it says one every 100. */
const mostSilentMs = 1_000;
const watchEveryMs = 100;
/** What a spare is. It prints `warming` each 100 ms, then `ready`, and a `pong` for each line `ping`. */
export interface SpareOptions extends Omit<ChildOptions, 'stderr'> {
  /** Folder in which it is recorded from its birth. */
  records: string;
  /** Names the code that it imports: one that has imported other code is thrown away. */
  code: () => string;
  /** By default what the system says. */
  freeBytes?: () => number;
  /** Milliseconds after which one is replaced, so that what it holds does not age; default an hour. */
  replacedAfterMs?: number;
}

/** A spare that has been taken: its standard error has not been read, and what it prints goes to the listener. */
export interface TakenSpare {
  child: Child;
  listen(onEvent: (event: unknown) => void, onNoise: (line: string) => void): void;
}

/** Children that have imported everything and wait for their one task. Each does one task and ends, as others do. */
export class Spares {
  readonly #options: SpareOptions;
  readonly #count: number;
  readonly #waiting: Spare[] = [];
  /** Set once they are ended: whoever asks again waits, too. */
  #ended: Promise<unknown> | undefined;

  /** @param count how many are kept; 0 is none */
  constructor(options: SpareOptions, count: number) {
    this.#options = options;
    this.#count = count;
  }

  /**
   * One that answers; undefined if there is none, and a child must be started.
   * @param signal ends the wait for one that still imports
   */
  async take(signal?: AbortSignal): Promise<TakenSpare | undefined> {
    for (let spare = this.#waiting.shift(); spare !== undefined; spare = this.#waiting.shift()) {
      if (spare.code === this.#code() && (await spare.answers(signal))) return spare.taken();
      await spare.end();
    }
    return undefined;
  }

  /** Starts what is missing, if there is memory for it. What cannot be started is not kept. */
  refill(): void {
    const { freeBytes = () => process.availableMemory(), replacedAfterMs = 3_600_000 } =
      this.#options;
    while (!this.#ended && this.#waiting.length < this.#count && freeBytes() > leastFreeBytes) {
      const code = this.#code();
      if (code === undefined) return;
      const spare = new Spare(this.#options, code, () => {
        clearTimeout(aging); // It would keep what is gone for the rest of its hour.
        const at = this.#waiting.indexOf(spare);
        if (at !== -1) this.#waiting.splice(at, 1);
      });
      const aging = setTimeout(() => void this.#replace(spare), replacedAfterMs).unref();
      this.#waiting.push(spare);
    }
  }

  /** Ends them all; none is started any more. */
  end(): Promise<unknown> {
    this.#ended ??= Promise.all(this.#waiting.splice(0).map((spare) => spare.end()));
    return this.#ended;
  }

  /** Undefined where it cannot be read, such as while it is replaced. */
  #code(): string | undefined {
    try {
      return this.#options.code();
    } catch {
      return undefined;
    }
  }

  async #replace(spare: Spare): Promise<void> {
    if (!this.#waiting.includes(spare)) return;
    await spare.end();
    this.refill();
  }
}

class Spare {
  readonly #child: Child;
  readonly #recorded: Promise<void>;
  readonly #ready = Promise.withResolvers<boolean>();
  #pong = Promise.withResolvers<boolean>();
  #isReady = false;
  /** Counted in turns of this process, not in time. */
  #silentMs = 0;
  #onEvent: (event: unknown) => void = (event) => this.#hear(event);
  #onNoise: (line: string) => void = () => undefined;

  /** @param gone called when it has ended, by itself or not */
  constructor(
    options: SpareOptions,
    readonly code: string,
    gone: () => void,
  ) {
    this.#child = new Child(options);
    readJsonLines(
      this.#child.stdout,
      (event) => this.#onEvent(event),
      (line) => this.#onNoise(line),
    );
    // One that cannot be recorded is ended by `record`.
    this.#recorded = this.#child.record(options.records).catch(() => undefined);
    void this.#child.ended
      .catch(() => undefined)
      .then(() => {
        this.#ready.resolve(false);
        this.#pong.resolve(false);
        gone();
        return this.#recorded;
      })
      .then(() => this.#child.gone());
  }

  /** Whether it can be given a task: it is ready, or is about to be. */
  async answers(signal?: AbortSignal): Promise<boolean> {
    await this.#recorded; // Else what records it next would be forgotten for this.
    if (!this.#isReady) return this.#becomesReady(signal);
    this.#pong = Promise.withResolvers();
    this.#child.stdin.write('ping\n');
    const late = setTimeout(() => this.#pong.resolve(false), answerWithinMs);
    return this.#pong.promise.finally(() => clearTimeout(late));
  }

  taken(): TakenSpare {
    return {
      child: this.#child,
      listen: (onEvent, onNoise) => {
        this.#onEvent = onEvent;
        this.#onNoise = onNoise;
      },
    };
  }

  async end(): Promise<void> {
    this.#child.kill();
    await this.#child.gone();
  }

  async #becomesReady(signal?: AbortSignal): Promise<boolean> {
    this.#silentMs = 0;
    const watch = setInterval(() => {
      this.#silentMs += watchEveryMs;
      if (this.#silentMs > mostSilentMs || signal?.aborted) this.#ready.resolve(false);
    }, watchEveryMs);
    return this.#ready.promise.finally(() => clearInterval(watch));
  }

  #hear(value: unknown): void {
    const { event } = (value ?? {}) as { event?: unknown };
    this.#silentMs = 0;
    if (event === 'ready') {
      this.#isReady = true;
      this.#ready.resolve(true);
    } else if (event === 'pong') this.#pong.resolve(true);
  }
}

/** The folder in which this process records its spares, below `base`. */
export async function ownRecords(base: string): Promise<string> {
  return join(base, `${hostname()}-${process.pid}-${hashable(await startOf(process.pid))}`);
}

/** Ends the spares, stopped ones among them, of processes of this host that are gone. */
export async function endAbandonedSpares(base: string): Promise<void> {
  for (const name of await readdir(base).catch(() => [])) {
    const [, pid, startedAt] = /-(\d+)-([^-]*)$/.exec(name) ?? [];
    if (pid === undefined || name !== `${hostname()}-${pid}-${startedAt}`) continue;
    if (hashable(await startOf(Number(pid))) === startedAt) continue;
    await endRecordedProcesses(join(base, name));
    await rm(join(base, name), { recursive: true, force: true });
  }
}

/** What a system says of a start may be words with blanks and colons. */
function hashable(startedAt: string | null): string {
  return (startedAt ?? '').replace(/\W/g, '');
}
