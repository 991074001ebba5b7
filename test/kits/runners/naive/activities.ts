import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { heartbeating } from '../../../../src/activities/attempt/heartbeating.js';
import { programNames, slowMs, type Program, type ProgramEnd } from '../programs.js';
import type { Fault } from './fault.js';
import type { NaiveActivities, NaiveEnd } from './workflow.js';

/** What a naive run started, in memory. */
export class NaiveProgram implements Program {
  ended: NaiveEnd = null;
  readonly #alive: boolean[] = [];
  #company = false;
  #isSlow = false;

  /** @param tell sends the signal of its end, which may be lost */
  constructor(
    readonly fault: Fault | null,
    private readonly tell: () => Promise<void>,
  ) {}

  started = async (): Promise<number> => this.#alive.length;
  running = async (): Promise<number> => this.#alive.filter(Boolean).length;
  hadCompany = async (): Promise<boolean> => this.#company;
  kill = async (): Promise<void> => void this.#alive.fill(false);
  slow = async (): Promise<void> => void (this.#isSlow = true);

  start(): void {
    this.#company ||= this.#alive.includes(true);
    this.#alive.push(true);
  }

  async end(how: ProgramEnd): Promise<void> {
    await this.kill();
    this.ended = { failed: how === 'fails' ? programNames.cause : null };
    await this.tell();
  }

  /** As it is asked to. */
  async stop(): Promise<void> {
    if (this.#isSlow) await sleep(slowMs);
    await this.kill();
  }

  is(fault: Fault): boolean {
    return this.fault === fault;
  }
}

/** @param programOf of the run of this workflow */
export function createNaiveActivities(
  programOf: (workflowId: string) => NaiveProgram,
): NaiveActivities {
  const own = (): NaiveProgram =>
    programOf(Context.current().info.workflowExecution?.workflowId ?? '');
  return {
    startNaive: heartbeating(async () => {
      const program = own();
      const isAgain = Context.current().info.attempt > 1;
      if (isAgain && program.is('starts anew')) await program.stop();
      const isAnother =
        program.is('starts again in a new execution') ||
        (isAgain && (program.is('starts beside the earlier one') || program.is('starts anew')));
      if ((await program.started()) === 0 || isAnother) program.start();
      if (program.is('starts two')) program.start();
    }),
    lookNaive: async () => own().ended,
    endNaive: heartbeating(async () => {
      const stopped = own().stop();
      if (!own().is('does not wait for its end')) await stopped;
    }),
  };
}
