import type { ScheduleClient } from '@temporalio/client';
import pLimit from 'p-limit';
import { deploymentOf } from '../config/settings/deployment.js';
import { nearMiss } from '../config/values/near-miss.js';
import type { OverlapPolicy } from '../config/envelope/overlap-policies.js';
import { loadSettings } from '../config/settings/settings.js';
import { applySchedules, remove, type Applied, type ApplyOptions } from '../schedules/apply.js';
import { backfillRange } from '../schedules/times/backfill-range.js';
import { ownNames, readSchedule } from '../schedules/current.js';
import { guardedSchedules } from '../schedules/guarded-client.js';
import { overlapOf } from '../schedules/overlap.js';
import { foreignText, planSchedules, type SchedulePlan } from '../schedules/plan.js';
import type { CurrentSchedule } from '../schedules/schedule.js';
import { until } from '../schedules/times/until.js';
import { reached, type TemporalClient } from './server/connection.js';
import { ForeignSchedule, ScheduleNotFound } from './server/errors.js';

/** A run that was started out of turn. */
export interface TriggeredRun {
  workflow_id: string;
  run_id: string;
}

/** The schedules of this project: what configs ask for, and what Temporal has. */
export class Schedules {
  readonly #address: string;
  readonly #client: ScheduleClient;
  readonly #root: string;
  readonly #taskQueue: string;
  readonly #deployment: string;
  readonly #isNamed: boolean;

  /**
   * @throws `ConfigProblems` if `beamline.yaml` is wrong
   * @internal
   */
  constructor(
    { client, address, namespace }: TemporalClient,
    { root, taskQueue }: { root: string; taskQueue: string },
  ) {
    this.#address = address;
    const { deployment, project } = loadSettings(root);
    this.#client = guardedSchedules(client);
    this.#root = root;
    this.#taskQueue = taskQueue;
    this.#deployment = deploymentOf({ deployment, project: project ?? '', namespace });
    this.#isNamed = deployment !== undefined || project !== undefined;
  }

  /**
   * Compares what configs ask for with what Temporal has.
   * @param paths configs and folders of configs, relative to `folder` (default: the project root)
   * @throws `ConfigProblems` with every problem
   */
  plan(paths: readonly string[], { folder = this.#root } = {}): Promise<SchedulePlan> {
    return this.#reached(() =>
      planSchedules(paths, {
        client: this.#client,
        root: this.#root,
        folder,
        taskQueue: this.#taskQueue,
        deployment: this.#deployment,
        isNamed: this.#isNamed,
      }),
    );
  }

  /** Makes the changes of a plan. It can be run twice, and by two at once. */
  apply(plan: SchedulePlan, options: Omit<ApplyOptions, 'client'> = {}): Promise<Applied[]> {
    return applySchedules(plan, { ...options, client: this.#client });
  }

  /** This project's schedules, by name. */
  async list(): Promise<CurrentSchedule[]> {
    const limit = pLimit(16);
    const found = await this.#reached(async () => {
      const names = await ownNames(this.#client, this.#deployment);
      return Promise.all(
        names
          .toSorted((a, b) => (a < b ? -1 : 1))
          .map((name) => limit(() => readSchedule(this.#client, name, this.#deployment))),
      );
    });
    return found.filter((schedule) => schedule?.isOurs === true);
  }

  /**
   * One of this project's schedules.
   * @throws {@link ScheduleNotFound}, {@link ForeignSchedule}
   */
  async get(name: string): Promise<CurrentSchedule> {
    const current = await this.#reached(() => readSchedule(this.#client, name, this.#deployment));
    if (current === null) {
      const names = await this.#reached(() => ownNames(this.#client, this.#deployment));
      throw new ScheduleNotFound(name, nearMiss(name, names));
    }
    if (!current.isOurs) throw new ForeignSchedule(name, foreignText(current));
    return current;
  }

  /** Keeps a schedule from starting runs, until it is resumed. */
  async pause(name: string, reason = 'no reason given'): Promise<void> {
    await this.get(name);
    await this.#reached(() => this.#client.getHandle(name).pause(`Paused: ${reason}`));
  }

  async resume(name: string, reason = 'no reason given'): Promise<void> {
    await this.get(name);
    await this.#reached(() => this.#client.getHandle(name).unpause(`Resumed: ${reason}`));
  }

  /**
   * Starts a run now, whatever else runs; its logical time is now.
   * @returns null if the server had not started it after five seconds
   */
  async trigger(name: string, reason?: string): Promise<TriggeredRun | null> {
    const before = await this.get(name);
    await this.#note(name, 'Triggered', reason);
    const handle = this.#client.getHandle(name);
    const taken = before.description.info.numActionsTaken;
    await handle.trigger();
    return until(async () => {
      const { info } = await handle.describe();
      const last = info.numActionsTaken > taken ? info.recentActions.at(-1)?.action : undefined;
      if (last === undefined) return undefined;
      const { workflowId, firstExecutionRunId } = last.workflow;
      return { workflow_id: workflowId, run_id: firstExecutionRunId };
    }, 5000);
  }

  /**
   * Starts the runs that a schedule has, or would have had, in a time that is over.
   * @param options `from` (included) and `to` (excluded), `overlap` (default `buffer_all`: one after the other)
   */
  async backfill(
    name: string,
    options: { from: Date; to: Date; overlap?: OverlapPolicy; reason?: string | undefined },
  ): Promise<void> {
    const current = await this.get(name);
    await this.#note(name, 'Backfilled', options.reason);
    const { overlap = 'buffer_all' } = options;
    await this.#client
      .getHandle(name)
      .backfill({ ...backfillRange(current, options), overlap: overlapOf(overlap) });
  }

  /** Deletes a schedule; its runs go on. The next `apply` creates it anew, unless its config says otherwise. */
  async delete(name: string, reason?: string): Promise<void> {
    await this.get(name);
    await this.#note(name, 'Deleted', reason);
    await remove(this.#client, name, this.#deployment);
  }

  #reached<T>(call: () => Promise<T>): Promise<T> {
    return reached(this.#address, call);
  }

  /** Temporal keeps no reason for these: the schedule's note, and so its history, gets it. */
  async #note(name: string, what: string, reason: string | undefined): Promise<void> {
    if (reason === undefined) return;
    await this.#client.getHandle(name).update((described) => {
      const { note } = described.state;
      // The note of a paused schedule says why it is paused.
      const kept = described.state.paused && note !== undefined ? `${note} ` : '';
      return { ...described, state: { ...described.state, note: `${kept}${what}: ${reason}` } };
    });
  }
}
