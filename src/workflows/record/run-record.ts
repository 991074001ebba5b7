import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { searchAttributes, sinksOfStatus, type RunStatus } from '../../shared/run/contract.js';
import type { Outcome, Receipt, ReceiptSink, RunState } from '../../shared/run/receipt.js';
import { withoutClaim } from '../../shared/run/published-facts.js';
import type { RunPipelineInput } from '../../shared/run/run-input.js';
import { longestTexts } from '../../shared/limits.js';
import { shortened } from '../../shared/shortened.js';
import type { JobState, ReceiptJob } from '../../shared/run/job.js';
import type { RunWindows } from '../../shared/run/window.js';
import {
  targetOf,
  type Audit,
  type PreparedRun,
  type Provided,
  type Published,
  type Staged,
  type UnfinishedRun,
} from '../contract/activities.js';
import { defaultRunner } from '../../runners/registry.js';
import { JobRecord } from './job-record.js';
import { needsHost, receiptStoreOf } from './needs-host.js';
import type { RunFailure } from './run-failure.js';
import { stagedSteps } from './staged-steps.js';
import { writtenOf } from './written-sinks.js';

type AttributePairs = Extract<Parameters<typeof upsertSearchAttributes>[0], unknown[]>;

/** Notes of a receipt, and rows of sinks on the details page. */
const mostNotes = 100;
const mostRows = 50;

/** What a run knows of itself: the source of `status`, the details page and the receipt. */
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
    private readonly input: RunPipelineInput,
    private readonly startedAt: Date,
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

  /** @param claimed the state that the job's last event claimed */
  status(waitingFor: string[], claimed: JobState | null): RunStatus {
    return {
      state: this.state,
      pipeline: this.prepared?.pipeline ?? null,
      run_key: this.prepared?.runKey ?? null,
      store: this.prepared?.store.id ?? null,
      host: this.prepared?.store.host ?? null,
      needs_host: this.prepared !== null && needsHost(this.prepared, this.provided !== null),
      runner: this.runner,
      job: this.job.shown(claimed),
      waiting_for: waitingFor,
      sinks: sinksOfStatus(this.sinks),
      ...(this.audit === null ? {} : { steps: stagedSteps(this.audit) }),
    };
  }

  receipt(outcome: Outcome, failure: RunFailure | null): Receipt {
    const info = workflowInfo();
    const { audit, prepared, startedAt } = this;
    const target = prepared && targetOf(prepared);
    const job = this.job.id === null ? null : this.job.value;
    const notes = [...(prepared?.notes ?? []), ...this.#notes];
    const now = Date.now();
    return {
      version: 1,
      outcome,
      run_key: prepared?.runKey ?? '',
      workflow_id: info.workflowId,
      run_id: info.runId,
      pipeline: prepared?.pipeline ?? '',
      config: this.input.config,
      input: this.input,
      task_queue: info.taskQueue,
      plan_sha256: prepared?.planSha256 ?? null,
      runner: this.runner,
      ...(target?.launch === undefined ? {} : { launch: target.launch }),
      args: prepared?.args ?? {},
      profiles: prepared?.profiles ?? null,
      store: prepared && receiptStoreOf(prepared),
      ...(this.input.rerun_of ? { rerun_of: this.input.rerun_of } : {}),
      started_at: startedAt.toISOString(),
      finished_at: new Date(now).toISOString(),
      duration_ms: now - startedAt.getTime(),
      attempts: this.attempts,
      rows_read: audit?.rowsRead ?? 0,
      rows_staged: audit?.rowsStaged ?? 0,
      rows_rejected: audit?.rowsRejected ?? 0,
      steps: Object.entries(audit?.steps ?? {}).map(([name, step]) => ({
        name,
        kind: step.kind,
        module: step.module,
        rows_in: step.rows_in,
        rows_out: step.rows_out,
        rows_rejected: step.rows_rejected,
        ...(step.consistency ? { consistency: step.consistency } : {}),
      })),
      sinks: this.sinks,
      ...writtenOf(this),
      ...(this.time === null ? {} : { time: this.time }),
      ...(this.windows === null ? {} : { windows: this.windows }),
      ...(this.readAt === null ? {} : { read_at: this.readAt }),
      ...(this.completed.length === 0 ? {} : { completed: this.completed }),
      ...(this.finished.length === 0 ? {} : { finished: this.finished }),
      ...this.#left(outcome),
      ...(job === null ? {} : { job, ...referenceResultOf(job, outcome) }),
      ...(notes.length === 0 ? {} : { notes }),
      ...(failure
        ? { failure: { ...failure, message: withoutClaim(failure.message, this.sinks) } }
        : {}),
    };
  }

  /** What is staged and not published: it outlives the run. */
  #left(outcome: Outcome): Pick<Receipt, 'left'> {
    const { staged } = this;
    const left = this.sinks.filter(({ state }) => state === 'unpublished' || state === 'uncertain');
    const isPartial = this.sinks.some(({ state }) => state === 'published') && left.length > 0;
    if (outcome === 'succeeded' || staged === null || !isPartial) return {};
    return { left: { staged, sinks: left.map(({ name }) => name) } };
  }

  /** The Markdown that the Web UI shows as the workflow's current details. */
  private describe(): void {
    const { prepared } = this;
    if (!prepared) return;
    setCurrentDetails(
      [
        `**${prepared.pipeline}** run \`${prepared.runKey}\`: ${this.state}`,
        '',
        '| sink | destination | state | rows |',
        '| --- | --- | --- | --- |',
        ...this.sinks
          .slice(0, mostRows)
          .map(
            ({ name, location, state, rows }) =>
              `| ${name} | ${shortened(location ?? '', 200)} | ${state} | ${rows} |`,
          ),
        ...(this.sinks.length > mostRows ? [`… and ${this.sinks.length - mostRows} more`] : []),
        '',
        ...(this.job.id === null
          ? []
          : [`job [${this.job.value?.job_name}](${this.job.value?.url}) \`${this.job.id}\``, '']),
        `plan \`${prepared.planSha256.slice(0, 12)}\` · store \`${prepared.store.id}\` on ${prepared.store.host}`,
      ].join('\n'),
    );
  }
}

/** What the workflow of satokiyo/pydataflow-template returns. */
function referenceResultOf(
  { job_id, job_name }: ReceiptJob,
  outcome: Outcome,
): Pick<Receipt, 'message' | 'job_id' | 'job_name'> {
  return { message: outcome === 'succeeded' ? 'finished' : outcome, job_id, job_name };
}
