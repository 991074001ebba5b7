import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { faultPoint } from '../../process/fault-point.js';
import type { JobState } from '../../shared/run/job.js';
import type { Outbox } from '../events/outbox.js';
import type { JobOptions } from '../state/options.js';
import type { State } from '../state/state.js';
import type { LaunchStorage } from '../state/storage.js';
import { endOfChild, isAlive, signalChild, startChild } from '../state/child.js';
import { isTerminal, newJobId, type JobProcess, type JobRecord } from '../state/job-record.js';
import { writeLauncherLog, writeObjects } from './left-in-storage.js';
import { messagesOf, stamped, type CommandFailure, type Text } from '../state/messages.js';
import { failureOf, readOutput } from './output.js';

/** Walks each job from QUEUED to its end: by the clock, by its command, or by a request. */
export class Lifecycle {
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #closing = new AbortController();
  readonly #watched = new Set<string>();

  constructor(
    readonly state: State,
    readonly outbox: Outbox,
    readonly storage: LaunchStorage | null,
    readonly options: JobOptions,
  ) {}

  /** Takes in a new job. */
  begin(job: JobRecord): void {
    const events = this.outbox.plan(job);
    const messages = stamped(job, messagesOf.launched(job), job.createTime);
    this.state.commit({ job, messages: { jobId: job.id, list: messages }, events });
    this.outbox.send(events);
    this.#advance(job.id);
  }

  /** Takes up every job that an earlier process left, whatever state it is in. */
  resume(): void {
    for (const job of this.state.jobs.values()) this.#advance(job.id);
  }

  /** Moves a job to another state, with its messages and events; nothing moves one that has ended. */
  enter(
    id: string,
    state: JobState,
    set: Partial<JobRecord> = {},
    texts: readonly Text[] = [],
  ): void {
    const job = this.state.jobs.get(id);
    if (job === undefined || isTerminal(job.state) || this.state.closed) return;
    const now = Date.now();
    const changed: Partial<JobRecord> = {
      ...set,
      state,
      stateTime: now,
      ...(isTerminal(state) ? { endTime: now } : {}),
      ...(state === 'JOB_STATE_RUNNING' ? { runningTime: now } : {}),
    };
    const events = this.outbox.plan({ ...job, ...changed });
    this.state.commit({
      change: { id, set: changed },
      messages: { jobId: id, list: stamped(job, texts, now) },
      events,
    });
    this.outbox.send(events);
    this.#advance(id);
  }

  /** Ends a job at once, and its command with SIGKILL. */
  async force(id: string): Promise<void> {
    const job = this.state.jobs.get(id);
    if (job === undefined) return;
    this.enter(id, 'JOB_STATE_CANCELLED', { forced: true }, messagesOf.stopped());
    if (job.process) await signalChild(job.process, 'SIGKILL');
  }

  close(): void {
    this.#closing.abort();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  folderOf(id: string): string {
    return join(this.options.folder, id);
  }

  #advance(id: string): void {
    const job = this.state.jobs.get(id);
    if (job === undefined) return;
    switch (job.state) {
      case 'JOB_STATE_QUEUED':
        this.#at(job.stateTime + (job.faults.queuedForMs ?? this.options.queuedMs), () => {
          if (this.#is(id, 'JOB_STATE_QUEUED')) this.#leaveQueue(job);
        });
        return;
      case 'JOB_STATE_PENDING':
        this.#at(job.stateTime + this.options.pendingMs, () => {
          if (this.#is(id, 'JOB_STATE_PENDING')) {
            this.enter(id, 'JOB_STATE_RUNNING', {}, messagesOf.running(job));
          }
        });
        return;
      case 'JOB_STATE_RUNNING':
        if (job.simulation) {
          this.#at(job.stateTime + job.simulation.lastsMs, () => this.#endSimulation(job));
        } else {
          this.#inBackground(id, () => this.#run(id));
        }
        return;
      case 'JOB_STATE_CANCELLING':
        if (job.faults.stuckCancelling) return;
        this.#inBackground(`${id} stop`, () => this.#stop(id, 'JOB_STATE_CANCELLED'));
        return;
      case 'JOB_STATE_DRAINING':
        this.#inBackground(`${id} stop`, () => this.#stop(id, 'JOB_STATE_DRAINED'));
        return;
      case 'JOB_STATE_STOPPED':
      case 'JOB_STATE_UNKNOWN':
      case 'JOB_STATE_RESOURCE_CLEANING_UP':
      case 'JOB_STATE_PAUSING':
      case 'JOB_STATE_PAUSED':
      case 'JOB_STATE_DONE':
      case 'JOB_STATE_FAILED':
      case 'JOB_STATE_CANCELLED':
      case 'JOB_STATE_UPDATED':
      case 'JOB_STATE_DRAINED':
    }
  }

  #leaveQueue(job: JobRecord): void {
    if (!job.faults.launcherFailure) {
      this.enter(job.id, 'JOB_STATE_PENDING');
      return;
    }
    const failure = {
      stderr: 'The launcher failed, as a fault of the emulator asked.',
      exitCode: 1,
    };
    this.enter(job.id, 'JOB_STATE_FAILED', {}, messagesOf.launcherFailed(failure));
    this.#leaveLog(job, failure);
  }

  /** Starts the job's command unless it was started, and waits for its end. */
  async #run(id: string): Promise<void> {
    const job = this.state.jobs.get(id);
    if (job === undefined) return;
    const folder = this.folderOf(id);
    let { process } = job;
    if (process === undefined) {
      process = await startChild(folder, this.options.command(job.args, job.project));
      await faultPoint('emulator:child-started');
      if (this.state.closed) return; // The next start finds it in the folder.
      this.state.commit({ change: { id, set: { process } } });
      if (!this.#is(id, 'JOB_STATE_RUNNING')) await this.#terminate(process);
    }
    const { workerCrashAfterMs } = job.faults;
    if (workerCrashAfterMs !== undefined) {
      const crashed = process;
      this.#at(job.stateTime + workerCrashAfterMs, () => void signalChild(crashed, 'SIGKILL'));
    }
    const code = await endOfChild(folder, process, this.#closing.signal);
    const { steps } = readOutput(folder);
    if (this.#is(id, 'JOB_STATE_RUNNING')) {
      if (code === 0) this.enter(id, 'JOB_STATE_DONE', { steps }, messagesOf.stopped());
      else this.#fail(job, failureOf(folder, code));
    } else if (!this.#is(id, 'JOB_STATE_CANCELLING') || !job.faults.stuckCancelling) {
      const end = this.#is(id, 'JOB_STATE_DRAINING') ? 'JOB_STATE_DRAINED' : 'JOB_STATE_CANCELLED';
      this.enter(id, end, { steps }, messagesOf.stopped());
    }
  }

  #fail(job: JobRecord, failure: CommandFailure): void {
    const output = readOutput(this.folderOf(job.id));
    const { steps } = output;
    const launched = output.launched || failure.exitCode === null;
    const texts = launched ? messagesOf.failed(failure) : messagesOf.launcherFailed(failure);
    this.enter(job.id, 'JOB_STATE_FAILED', { steps }, [...texts, ...messagesOf.stopped()]);
    if (!launched) this.#leaveLog(job, failure);
  }

  /** SIGTERM, after the grace SIGKILL; the end of the command is the end of the job. */
  async #stop(id: string, end: JobState): Promise<void> {
    const job = this.state.jobs.get(id);
    if (job === undefined) return;
    if (job.runningTime === undefined || job.simulation) {
      this.enter(id, end, {}, messagesOf.stopped());
      return;
    }
    const begun = job.process !== undefined || this.#watched.has(id);
    if (!begun && !existsSync(join(this.folderOf(id), 'claim'))) {
      this.enter(id, end, {}, messagesOf.stopped()); // A kill came between RUNNING and the command.
      return;
    }
    this.#inBackground(id, () => this.#run(id)); // Else nobody waits for it after a restart.
    if (job.process) await this.#terminate(job.process); // Else `#run` does, once there is one.
  }

  /** SIGTERM, and SIGKILL after the grace; nobody is hit who has another start time. */
  async #terminate(process: JobProcess): Promise<void> {
    await signalChild(process, 'SIGTERM');
    await signalChild(process, 'SIGCONT'); // A stopped process acts only when it goes on.
    const kill = async () => {
      if (await isAlive(process)) await signalChild(process, 'SIGKILL');
    };
    this.#at(Date.now() + this.options.cancelGraceMs, () => void kill());
  }

  async #finishSimulation(job: JobRecord): Promise<void> {
    const { simulation } = job;
    if (simulation === undefined || !this.#is(job.id, 'JOB_STATE_RUNNING')) return;
    const problem = await writeObjects(simulation, this.storage);
    if (!this.#is(job.id, 'JOB_STATE_RUNNING') || this.state.closed) return;
    if (simulation.endState === 'JOB_STATE_FAILED' || problem !== null) {
      const message = problem ?? simulation.error ?? 'The simulated job failed.';
      const texts = messagesOf.failed({ message, stderr: '', exitCode: 1 });
      this.enter(job.id, 'JOB_STATE_FAILED', {}, [...texts, ...messagesOf.stopped()]);
    } else {
      const updated = simulation.endState === 'JOB_STATE_UPDATED';
      const set = updated ? { replacedByJobId: job.replacedByJobId ?? newJobId(Date.now()) } : {};
      this.enter(job.id, simulation.endState, set, messagesOf.stopped());
    }
  }

  #endSimulation(job: JobRecord): void {
    this.#inBackground(`${job.id} simulation`, () => this.#finishSimulation(job));
  }

  #leaveLog(job: JobRecord, failure: CommandFailure): void {
    this.#inBackground(`${job.id} log`, () =>
      writeLauncherLog(job, this.folderOf(job.id), failure, this.storage),
    );
  }

  #is(id: string, state: JobState): boolean {
    return this.state.jobs.get(id)?.state === state;
  }

  #at(time: number, then: () => void): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        if (!this.state.closed) then();
      },
      Math.max(0, time - Date.now()),
    );
    this.#timers.add(timer);
  }

  /** Once at a time for each name; what goes wrong is told, and the job stays as it is. */
  #inBackground(name: string, task: () => Promise<void>): void {
    if (this.#watched.has(name)) return;
    this.#watched.add(name);
    void task()
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.options.onProblem(`job ${name}: ${String(error)}`);
      })
      .finally(() => this.#watched.delete(name));
  }
}
