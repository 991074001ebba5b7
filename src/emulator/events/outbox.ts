import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import { faultPoint } from '../../process/fault-point.js';
import type { Faults } from '../state/faults.js';
import type { JobRecord } from '../state/job-record.js';
import type { EventsMode } from '../state/options.js';
import type { PendingEvent, State } from '../state/state.js';
import { jobEventRequest } from './job-event.js';

export interface OutboxOptions {
  urls: readonly string[];
  mode: EventsMode;
  token: string | undefined;
  retryMs: number;
  onProblem: (message: string) => void;
}

/** Eventarc's retention of a message: an event that nobody took for so long is given up. */
const giveUpAfterMs = 24 * 60 * 60 * 1000;
const longestPauseMs = 60_000;
const requestTimeoutMs = 10_000;

/** Delivers events at least once, each on its own: in no order, as Eventarc does. */
export class Outbox {
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #pauses = new Map<string, number>();
  readonly #held = new Map<string, PendingEvent>();
  readonly #closing = new AbortController();
  readonly #slots = pLimit(64);

  constructor(
    readonly state: State,
    readonly faults: Faults,
    readonly options: OutboxOptions,
  ) {}

  /** The deliveries that the job's present state calls for; the caller commits and sends them. */
  plan(job: JobRecord): PendingEvent[] {
    if (this.options.urls.length === 0) return [];
    const strike = this.faults.takeEvent(job.name, job.state);
    return this.options.urls.flatMap((url) => {
      const event: PendingEvent = {
        key: randomUUID(),
        id: randomUUID(),
        url,
        jobId: job.id,
        state: job.state,
        stateTime: job.stateTime,
        dueAt: job.stateTime,
      };
      switch (strike?.fault) {
        case undefined:
          return [event];
        case 'event_lost':
          return [];
        case 'event_doubled':
          return [event, { ...event, key: randomUUID() }];
        case 'event_late':
          return [{ ...event, dueAt: event.dueAt + (strike?.delayMs ?? 0) }];
        case 'event_reordered':
          return [{ ...event, dueAt: event.dueAt + (strike?.delayMs ?? 0), held: true }];
      }
    });
  }

  send(events: Iterable<PendingEvent>): void {
    for (const event of events) {
      if (event.held) this.#held.set(event.key, event);
      this.#schedule(event, event.dueAt);
    }
  }

  /** Sends what an earlier process left. */
  resume(): void {
    this.send(this.state.events.values());
  }

  close(): void {
    this.#closing.abort();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #schedule(event: PendingEvent, time: number): void {
    if (this.#closing.signal.aborted) return;
    clearTimeout(this.#timers.get(event.key));
    const timer = setTimeout(
      () => {
        this.#timers.delete(event.key);
        void this.#slots(() => this.#deliver(event));
      },
      Math.max(0, time - Date.now()),
    );
    this.#timers.set(event.key, timer);
  }

  async #deliver(event: PendingEvent): Promise<void> {
    const job = this.state.jobs.get(event.jobId);
    if (job === undefined || this.#closing.signal.aborted) return;
    const problem = await this.#post(event, job);
    if (problem === null) await faultPoint('emulator:event-taken');
    if (this.state.closed) return;
    if (problem === null) {
      this.#settle(event);
      for (const held of this.#held.values()) {
        if (held.jobId === event.jobId && held.url === event.url) this.#schedule(held, Date.now());
      }
      return;
    }
    if (Date.now() - event.stateTime > giveUpAfterMs) {
      this.options.onProblem(`gave up an event of ${event.jobId} for ${event.url}: ${problem}`);
      this.#settle(event);
      return;
    }
    const pause = this.#pauses.get(event.key) ?? this.options.retryMs;
    this.#pauses.set(event.key, Math.min(pause * 2, longestPauseMs));
    this.#schedule(event, Date.now() + pause);
  }

  async #post(event: PendingEvent, job: JobRecord): Promise<string | null> {
    const { state, stateTime } = event;
    const { headers, body } = jobEventRequest(
      event.id,
      { ...job, state, stateTime },
      this.options.mode,
    );
    const { token } = this.options;
    try {
      const response = await fetch(event.url, {
        method: 'POST',
        headers: { ...headers, ...(token ? { authorization: `Bearer ${token}` } : {}) },
        body,
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(requestTimeoutMs)]),
      });
      await response.arrayBuffer();
      return response.ok ? null : `HTTP ${response.status}`;
    } catch (error) {
      return String(error);
    }
  }

  #settle(event: PendingEvent): void {
    this.#pauses.delete(event.key);
    this.#held.delete(event.key);
    this.state.commit({ settled: [event.key] });
  }
}
