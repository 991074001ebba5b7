import { setTimeout as sleep } from 'node:timers/promises';
import { isJobState } from '../../src/shared/run/job-identity.js';
import { isTerminal } from '../../src/shared/run/job-end.js';
import { jobPath, type EmulatedJob, type Site } from './site.js';

/** What one poller found of one job. */
export interface Polled {
  /** Seconds from the end of the job, by the emulator's clock, to the answer that told of it. */
  delay: number;
  /** `getJob` calls, the last one included. */
  calls: number;
}

/**
 * Asks for a job every `seconds` until it has ended, as a polling operator does. Its first question
 * comes at a random part of an interval after the launch, since jobs end at any time of it.
 */
export async function poll(
  { dataflow }: Site,
  job: EmulatedJob,
  seconds: number,
  phase: number,
): Promise<Polled> {
  const first = Date.parse(job.createTime) + phase * seconds * 1000;
  for (let calls = 1; ; calls++) {
    await sleep(Math.max(0, first + (calls - 1) * seconds * 1000 - Date.now()));
    const view = (await (await fetch(`${dataflow}${jobPath(job.id)}`)).json()) as EmulatedJob;
    const { currentState } = view;
    if (isJobState(currentState) && isTerminal(currentState)) {
      return { delay: (Date.now() - Date.parse(view.currentStateTime)) / 1000, calls };
    }
  }
}
