import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../state/api-error.js';
import type { Faults } from '../state/faults.js';
import type { Jobs, Json, Method } from './jobs.js';

/** A request that the emulator has received. */
export interface Received {
  /** ISO 8601. */
  time: string;
  transport: 'grpc' | 'rest';
  method: string;
  request: Json;
  /** `OK`, the error's status, or `LOST` if the effect took place and the connection was broken. */
  status: string;
}

/** How a call ended: answered, refused, or done without an answer. */
export type Outcome =
  { kind: 'response'; response: Json } | { kind: 'error'; error: ApiError } | { kind: 'lost' };

const mostRemembered = 10_000;

/** What both fronts call: the jobs behind the scripted faults, with a memory of the requests. */
export class Api {
  #received: Received[] = [];

  constructor(
    readonly jobs: Jobs,
    readonly faults: Faults,
  ) {}

  get received(): readonly Received[] {
    return this.#received;
  }

  forget(): void {
    this.#received = [];
  }

  async call(transport: Received['transport'], method: string, request: Json): Promise<Outcome> {
    const entry: Received = {
      time: new Date().toISOString(),
      transport,
      method,
      request,
      status: 'OK',
    };
    this.#received.push(entry);
    if (this.#received.length > mostRemembered) this.#received.splice(0, mostRemembered / 10);
    const strike = this.faults.takeCall(method, launchedName(request));
    try {
      if (strike.delayMs > 0) await sleep(strike.delayMs);
      if (strike.error) {
        const { status, message } = strike.error;
        throw new ApiError(status, message ?? `A fault of the emulator: ${status}.`);
      }
      const response = await this.#implementation(method)(request);
      if (!strike.lost) return { kind: 'response', response };
      entry.status = 'LOST';
      return { kind: 'lost' };
    } catch (error) {
      const refused =
        error instanceof ApiError ? error : new ApiError('INTERNAL', (error as Error).message);
      entry.status = refused.status;
      return { kind: 'error', error: refused };
    }
  }

  #implementation(method: string): (request: Json) => Promise<Json> {
    if (Object.hasOwn(this.jobs, method)) return this.jobs[method as Method];
    throw new ApiError('UNIMPLEMENTED', `The Dataflow emulator does not implement ${method}.`);
  }
}

function launchedName({ launchParameter }: Json): string {
  const { jobName } = (launchParameter ?? {}) as { jobName?: unknown };
  return typeof jobName === 'string' ? jobName : '';
}
