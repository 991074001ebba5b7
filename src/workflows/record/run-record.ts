import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { searchAttributes } from '../../shared/run/contract.js';
import type { Receipt, ReceiptSink, RunState } from '../../shared/run/receipt.js';
import type { RunPipelineInput } from '../../shared/run/run-input.js';
import { longestTexts } from '../../shared/limits.js';
import { shortened } from '../../shared/shortened.js';
import type { RunWindows } from '../../shared/run/window.js';
import type {
  Audit,
  PreparedRun,
  Provided,
  Published,
  Staged,
  UnfinishedRun,
} from '../contract/activities.js';
import { defaultRunner } from '../../runners/registry.js';
import { detailsOf } from './details.js';
import { JobRecord } from './job-record.js';

type AttributePairs = Extract<Parameters<typeof upsertSearchAttributes>[0], unknown[]>;

/** Notes of a receipt. */
const mostNotes = 100;

/** What a run knows of itself: `status`, the details page and the receipt are made of it. */
export class RunRecord {
  state: RunState = 'preparing';
  prepared: PreparedRun | null = null;
  audit: Audit | null = null;
  /** Whether the run's steps were begun in Beam: what writes inside the job may have written. */
  hasBegun = false;
  attempts = 0;
  readonly sinks: ReceiptSink[] = [];
  /** Sinks whose publish was begun and not heard of (it may sleep somewhere), with its base version. */
  readonly begun = new Map<string, number>();
  /** Set by the signal `drainJob`, until it is acted upon. */
  wantsDrain = false;
  readonly job = new JobRecord(() => this.describe());
  /** Search attributes that go with the next state: each upsert is an event, and is paid for. */
  readonly #unset: AttributePairs = [];
  readonly #notes: string[] = [];
  windows: RunWindows | null = null;
  /** ISO 8601: the time that the run's windows end with. */
  time: string | null = null;
  /** See `RunReference.readAt`. */
  readAt: string | null = null;
  /** Run keys of earlier runs that this one finished. */
  readonly completed: string[] = [];
  /** What it published of earlier runs. */
  readonly finished: NonNullable<Receipt['finished']> = [];
  staged: Staged | null = null;
  /** What the run's job reads, once it is in the bucket. */
  provided: Provided | null = null;

  constructor(
    readonly input: RunPipelineInput,
    readonly startedAt: Date,
  ) {}

  get runner(): string {
    return this.prepared?.runner ?? this.input.runner ?? defaultRunner;
  }

  start(prepared: PreparedRun): void {
    this.prepared = prepared;
    for (const sink of prepared.sinks) {
      const { name, module, mode, destination, location } = sink;
      this.sinks.push({
        name,
        module,
        mode,
        destination,
        location,
        rows: 0,
        bytes: 0,
        state: 'unpublished',
      });
    }
    this.#unset.push(
      { key: searchAttributes.pipeline, value: prepared.pipeline },
      { key: searchAttributes.runner, value: this.runner },
      { key: searchAttributes.runKey, value: prepared.runKey },
    );
    if (prepared.revision === undefined) upsertSearchAttributes(this.#unset.splice(0));
  }

  enter(state: RunState): void {
    this.state = state;
    if (state === 'running') this.hasBegun = true;
    const entered = { key: searchAttributes.state, value: state };
    upsertSearchAttributes([...this.#unset.splice(0), entered]);
    this.describe();
  }

  /** A person should know this of the run: it stands in the receipt. */
  note(text: string): void {
    const note = shortened(text, longestTexts.note);
    if (this.#notes.length < mostNotes && !this.#notes.includes(note)) this.#notes.push(note);
  }

  /** What a person should know of the run, so far. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  published(sink: string, published: Published): void {
    Object.assign(this.sink(sink), { ...published, state: 'published' });
    this.begun.delete(sink);
    this.describe();
  }

  /** What the run reads of its incremental sources. */
  froze(windows: RunWindows, time?: string): RunWindows {
    this.windows = windows;
    if (time !== undefined) this.time = time;
    return windows;
  }

  /** A sink of an earlier run is in; of a run that only does that, it is its own. */
  finishedEarlier({ runKey, sinks }: UnfinishedRun, sink: string, published: Published): void {
    if (this.prepared?.completes !== undefined) this.published(sink, published);
    this.finished.push({ run_key: runKey, sink, ...published });
    this.note(`${sink}: ${published.rows} rows that run ${runKey} had staged were published`);
    if (sink === sinks.at(-1)) this.completed.push(runKey);
  }

  kept(sink: string): void {
    this.sink(sink).state = 'kept';
    this.describe();
  }

  sink(name: string): ReceiptSink {
    const sink = this.sinks.find((candidate) => candidate.name === name);
    if (!sink) throw new Error(`no sink ${name}`);
    return sink;
  }

  /** What a person who looks at the workflow sees. */
  private describe(): void {
    if (this.prepared !== null) setCurrentDetails(detailsOf(this, this.prepared));
  }
}
