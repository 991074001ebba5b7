import type { BigQueryService, JobReference } from '../../src/gateways/bigquery-service.js';
import type { Killed } from './open-destination.js';

/**
 * A service that a publisher uses until it is killed, or until it falls asleep. What it had begun, a request
 * or a job, goes on without it, as the service is not in its process.
 */
export class InterruptedService {
  readonly service: BigQueryService;
  #left = Infinity;
  /** What a call waits for, or fails with, once none is left. */
  #interrupt: () => Promise<void> = async () => undefined;
  /** The request whose answer was lost. */
  #last: Promise<unknown> = Promise.resolve();
  #losesAnswer = false;
  readonly #jobs: JobReference[] = [];

  constructor(private readonly real: BigQueryService) {
    this.service = {
      dataset: (id) => this.#call(() => real.dataset(id)),
      table: (table) => this.#call(() => real.table(table)),
      createTable: (table, resource) => this.#call(() => real.createTable(table, resource)),
      deleteTable: (table) => this.#call(() => real.deleteTable(table)),
      tableIds: (dataset) => this.#tableIds(dataset),
      insertJob: (job, configuration) => this.#call(() => real.insertJob(job, configuration), job),
      loadFile: (job, file, load) => this.#call(() => real.loadFile(job, file, load), job),
      finishedJob: (job) => this.#call(() => real.finishedJob(job)),
      replacedRows: (script) => this.#call(() => real.replacedRows(script)),
      query: (location, sql, parameters) => this.#call(() => real.query(location, sql, parameters)),
    };
  }

  /** The last call is made, but its answer does not arrive; every one after it is refused, for good. */
  killAfter(calls: number): Killed {
    this.#left = calls;
    this.#losesAnswer = true;
    this.#interrupt = () => Promise.reject(new Error('killed'));
    return {
      isHit: () => this.#left === 0,
      settled: async () => {
        await this.#last;
        for (const job of this.#jobs) await this.real.finishedJob(job);
      },
    };
  }

  /** After these calls each one waits until it is woken. */
  sleepAfter(calls: number): { asleep: Promise<void>; wake: () => void } {
    const [asleep, woken] = [new Gate(), new Gate()];
    this.#left = calls;
    this.#interrupt = () => {
      asleep.open();
      return woken.opened;
    };
    return { asleep: asleep.opened, wake: () => woken.open() };
  }

  async #call<T>(make: () => Promise<T>, job?: JobReference): Promise<T> {
    if (this.#left === 0) await this.#interrupt();
    else this.#left -= 1;
    if (job !== undefined) this.#jobs.push(job);
    const answer = make();
    if (this.#left > 0 || !this.#losesAnswer) return answer;
    this.#last = answer.catch(() => undefined);
    throw new Error('killed');
  }

  async *#tableIds(dataset: string): AsyncIterable<string> {
    yield* await this.#call(async () => {
      const ids: string[] = [];
      for await (const id of this.real.tableIds(dataset)) ids.push(id);
      return ids;
    });
  }
}

class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}
