import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { JobState } from '../../shared/run/job.js';
import { replaceFile } from './files.js';
import type { JobRecord } from './job-record.js';
import type { Message } from './messages.js';

/** One event that one receiver has not taken yet. */
export interface PendingEvent {
  /** Unique to receiver and delivery. */
  key: string;
  /** The CloudEvent's id: equal in a doubled delivery. */
  id: string;
  url: string;
  jobId: string;
  state: JobState;
  stateTime: number;
  /** Milliseconds since the epoch: the event is not sent before. */
  dueAt: number;
  /** Waits, at most until `dueAt`, for the job's next event to be delivered first. */
  held?: boolean;
}

/** One line of the journal: everything that changes together. */
interface Entry {
  /** A job as a whole, when it is new. */
  job?: JobRecord;
  /** Fields of a job that change; null removes one. */
  change?: { id: string; set: Partial<JobRecord> };
  messages?: { jobId: string; list: Message[] };
  events?: PendingEvent[];
  /** Keys of events that need no more sending. */
  settled?: string[];
}

/**
 * What the emulator remembers: jobs, their messages, and the events still to be delivered.
 *
 * It is kept in memory and in a journal, one line to a change, appended before anybody is told: a
 * change of state and its events are one line, so that none is without the other. A line that a
 * kill cut off did not happen. At each start the journal is rewritten, as short as it can be.
 */
export class State {
  readonly jobs = new Map<string, JobRecord>();
  readonly messages = new Map<string, Message[]>();
  readonly events = new Map<string, PendingEvent>();
  readonly #file: string;
  #journal: number;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#file = join(folder, 'journal.jsonl');
    if (existsSync(this.#file)) {
      for (const line of readFileSync(this.#file, 'utf8').split('\n')) this.#replay(line);
      replaceFile(this.#file, this.#compact());
    }
    this.#journal = openSync(this.#file, 'a');
  }

  /** Writes a change down, then makes it. */
  commit(entry: Entry): void {
    const bytes = Buffer.from(`${JSON.stringify(entry)}\n`);
    for (let written = 0; written < bytes.length;) {
      written += writeSync(this.#journal, bytes, written);
    }
    this.#apply(entry);
  }

  close(): void {
    closeSync(this.#journal);
    this.#journal = -1;
  }

  get closed(): boolean {
    return this.#journal === -1;
  }

  #apply({ job, change, messages, events = [], settled = [] }: Entry): void {
    if (job) this.jobs.set(job.id, job);
    if (change) {
      const known = this.jobs.get(change.id);
      if (known) this.jobs.set(change.id, { ...known, ...change.set });
    }
    if (messages) {
      const list = this.messages.get(messages.jobId);
      if (list) list.push(...messages.list);
      else this.messages.set(messages.jobId, [...messages.list]);
    }
    for (const event of events) this.events.set(event.key, event);
    for (const key of settled) this.events.delete(key);
  }

  #replay(line: string): void {
    if (line === '') return;
    let entry: Entry;
    try {
      entry = JSON.parse(line) as Entry;
    } catch {
      return; // Cut off by a kill, so nobody was told.
    }
    this.#apply(entry);
  }

  #compact(): string {
    const entries: Entry[] = [];
    for (const job of this.jobs.values()) {
      const list = this.messages.get(job.id);
      entries.push({ job, ...(list ? { messages: { jobId: job.id, list } } : {}) });
    }
    if (this.events.size > 0) entries.push({ events: [...this.events.values()] });
    return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  }
}
