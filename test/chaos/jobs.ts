import type { JobState } from '../../src/shared/run/job.js';
import type { World } from './world.js';

/** A job as the emulator remembers it. */
export interface Job {
  id: string;
  name: string;
  currentState: JobState;
  createTime: string;
  currentStateTime: string;
  labels: Record<string, string>;
}

/** Every job that there has ever been. */
export async function jobsOf({ emulator }: Pick<World, 'emulator'>): Promise<Job[]> {
  return (await (await fetch(`${emulator}/emulator/jobs`)).json()) as Job[];
}
