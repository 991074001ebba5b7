import { loadCatalogue } from '../config/modules/catalogue.js';
import { checkConfig } from '../config/check.js';
import { Claims } from '../config/document/claims.js';
import { readCron } from '../config/values/cron.js';
import { durationMs } from '../shared/duration.js';
import type { PipelineConfig } from '../config/envelope/envelope.js';
import { ConfigProblems, type Problem } from '../config/document/problems.js';
import type { ScheduleBlock } from '../config/envelope/schedule-schema.js';
import type { ConfigFiles } from './config-files.js';
import { workflowIdOf } from './facts.js';
import type { DesiredSchedule } from './schedule.js';

/** What a config says of its schedule. */
export interface ScheduleRequest {
  /** False: the schedule is to be deleted. */
  enable: boolean;
  desired: DesiredSchedule;
  /** A problem at the place where the config names the schedule. */
  problem(message: string): Problem;
}

/**
 * The schedules that configs ask for, by name.
 * @throws `ConfigProblems` if any of the configs is wrong, or two name the same schedule: nothing is to be
 *   changed then
 */
export async function scheduleRequests(
  { configs, problems }: ConfigFiles,
  { root, taskQueue }: { root: string; taskQueue: string },
): Promise<Map<string, ScheduleRequest>> {
  const catalogue = loadCatalogue(root);
  const found: Problem[] = [...problems];
  const requests = new Map<string, ScheduleRequest>();
  const claims = new Claims();
  for (const { path, loaded } of configs) {
    const checked = await checkConfig(loaded, { root, catalogue });
    found.push(...checked.problems);
    const { config } = checked;
    if (config?.schedule === undefined) continue;
    const { name, enable } = config.schedule;
    const problem = (message: string): Problem => loaded.problem(['schedule', 'name'], message);
    const desired = desiredOf(config, config.schedule, { config: path, taskQueue });
    const clash = scheduleClash(desired, claims, problem);
    if (clash === undefined) requests.set(name, { enable, desired, problem });
    else found.push(clash);
  }
  if (found.length > 0) throw new ConfigProblems(found);
  return requests;
}

/** What is wrong with a schedule whose name, or the names of whose runs, another config has claimed. */
export function scheduleClash(
  schedule: Pick<DesiredSchedule, 'name' | 'pipeline'>,
  claims: Claims,
  problem: (message: string) => Problem,
): Problem | undefined {
  const { name } = schedule;
  const taken = (key: string, what: string): Problem | undefined => {
    const where = claims.claim(key, problem(''));
    if (where === undefined) return undefined;
    return problem(`${what} ${where} already; choose another name`);
  };
  // Pipeline `a-b` with schedule `c`, and `a` with `b-c`: one run would keep the other from starting.
  const id = workflowIdOf(schedule);
  return (
    taken(`schedule ${name}`, `\`${name}\` is the schedule of`) ??
    taken(`runs ${id}`, `its runs would be named \`${id}\`, as are those of`)
  );
}

function desiredOf(
  pipeline: PipelineConfig,
  block: ScheduleBlock,
  { config, taskQueue }: { config: string; taskQueue: string },
): DesiredSchedule {
  return {
    name: block.name,
    pipeline: pipeline.name,
    config,
    crons: block.cron.map((text) => {
      const read = readCron(text);
      return { text, calendars: 'calendars' in read ? read.calendars : [] };
    }),
    timezone: block.timezone ?? pipeline.timezone,
    jitterMs: durationMs(block.jitter) ?? 0,
    overlap: block.overlap,
    catchupMs: durationMs(block.catchup) ?? 0,
    pauseOnFailure: block.pause_on_failure,
    paused: block.paused,
    args: block.args,
    taskQueue,
  };
}
