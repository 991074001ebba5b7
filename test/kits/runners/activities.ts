import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { whileHeartbeating } from '../../../src/activities/attempt/heartbeating.js';
import type { Activities } from '../../../src/activities/runner-activities.js';
import type { Receipt } from '../../../src/shared/run/receipt.js';
import type { PipelineActivities } from '../../../src/workflows/contract/activities.js';
import { createFakeActivities, preparedSink } from '../../support/fake-activities.js';
import { createNaiveActivities, NaiveProgram } from './naive/activities.js';
import type { Ends, RunOptions } from './place.js';
import type { Program } from './programs.js';

export type KitActivities = Record<string, (...given: never[]) => Promise<unknown>>;

interface Known {
  options: RunOptions & { isReal?: true };
  program: Program | null;
  published: number;
  wasTriedAgain: boolean;
  kept?: { receipt: Receipt; left: number };
}

interface Parts {
  client: Client;
  taskQueue: string;
  /** The core's, as they are. */
  core: PipelineActivities;
  /** Those of the runners. */
  own: Activities;
  /** Names of those that start a program. */
  starts: readonly string[];
}

/** Every run of the kit, and the activities of all: of the core, only what a runner is about is real. */
export class Runs implements Ends {
  readonly activities: KitActivities;
  readonly #known = new Map<string, Known>();
  readonly #own: ReadonlySet<string>;

  constructor(private readonly parts: Parts) {
    const naive = createNaiveActivities((workflowId) => this.#naiveOf(workflowId));
    const own: KitActivities = { ...parts.own, ...naive };
    this.#own = new Set(Object.keys(own));
    this.activities = { ...this.#core(), ...own };
  }

  add(workflowId: string, options: Known['options'], program: Program | null = null): void {
    this.#known.set(workflowId, { options, program, published: 0, wasTriedAgain: false });
  }

  startedAs(workflowId: string, program: Program): void {
    this.#of(workflowId).program = program;
  }

  receipt(workflowId: string): { receipt: Receipt; left: number } | undefined {
    return this.#of(workflowId).kept;
  }

  published(workflowId: string): number {
    return this.#of(workflowId).published;
  }

  wasTriedAgain(workflowId: string): boolean {
    return this.#of(workflowId).wasTriedAgain;
  }

  /** Loses the answers that a run is to lose, and holds the one that it is to hold. */
  readonly interceptor: ActivityInterceptorsFactory = (context) => ({
    inbound: {
      execute: async (input, next) => {
        const answer = await next(input);
        const { activityType, attempt, workflowExecution } = context.info;
        if (!this.#own.has(activityType)) return answer;
        const known = this.#of(workflowExecution?.workflowId ?? '');
        const { options } = known;
        const isStart = this.parts.starts.includes(activityType) || activityType === 'startNaive';
        if (isStart && attempt > 1) known.wasTriedAgain = true;
        if (options.holdsStart === true && isStart) {
          await whileHeartbeating(() => context.cancelled);
        }
        if (options.losesAnswers === true && attempt === 1) {
          throw ApplicationFailure.retryable('the answer was lost');
        }
        return answer;
      },
    },
  });

  #core(): KitActivities {
    const { core } = this.parts;
    const fakes = createFakeActivities({
      client: this.parts.client.workflow,
      taskQueue: this.parts.taskQueue,
      prepared: { sinks: [sink] },
    }).activities;
    const replaced: Partial<PipelineActivities> = {
      prepare: async (...given) => {
        const { program, options } = this.#current();
        if (!(program instanceof NaiveProgram)) return core.prepare(...given);
        const [, id] = given;
        return {
          ...(await fakes.prepare(...given)),
          sinks: [{ ...sink, destination: id, lockId: `beamline.lock.${id}` }],
          runner: 'naive',
          args: { fault: program.fault, lookMs: options.isDeaf === true ? 500 : 600_000 },
          timeoutMs: options.hasDeadline === true ? 2_000 : null,
        };
      },
      publish: async (...given) => {
        const known = this.#current();
        known.published += 1;
        return known.options.isReal === true ? core.publish(...given) : fakes.publish(...given);
      },
      finish: async (run, receipt, target) => {
        const known = this.#current();
        known.kept = { receipt, left: (await known.program?.running()) ?? 0 };
        return known.options.isReal === true ? core.finish(run, receipt, target) : undefined;
      },
    };
    for (const name of ['inspectDestinations', 'resolveWindows', 'audit', 'fence'] as const) {
      const [real, fake] = [core[name], fakes[name]] as Activity[];
      Object.assign(replaced, {
        [name]: (...given: never[]) =>
          (this.#current().options.isReal === true ? real : fake)?.(...given),
      });
    }
    return { ...core, ...replaced };
  }

  #current(): Known {
    return this.#of(Context.current().info.workflowExecution?.workflowId ?? '');
  }

  #naiveOf(workflowId: string): NaiveProgram {
    const { program } = this.#of(workflowId);
    if (program instanceof NaiveProgram) return program;
    throw new Error(`${workflowId} is not a naive run`);
  }

  #of(workflowId: string): Known {
    const known = this.#known.get(workflowId);
    if (known === undefined) throw new Error(`${workflowId} is no run of the kit`);
    return known;
  }
}

/** Of every run of the kit. */
const sink = { ...preparedSink, name: 'lake' };

type Activity = (...given: never[]) => Promise<unknown>;
