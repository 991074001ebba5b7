import pLimit from 'p-limit';
import type { ScheduleClient } from '@temporalio/client';
import { ConfigProblems, type Problem } from '../config/document/problems.js';
import { loadConfigFiles, type ConfigFiles } from './config-files.js';
import { ownNames, readSchedule } from './current.js';
import { scheduleRequests, type ScheduleRequest } from './desired.js';
import { desiredFacts, differences } from './facts.js';
import type { CurrentSchedule, DesiredSchedule, FieldChange, OtherSchedule } from './schedule.js';

/** What is to be done about one schedule. */
export type Change = { name: string; /** Path of its config. */ config: string } & (
  | { kind: 'create'; desired: DesiredSchedule }
  | {
      kind: 'update';
      desired: DesiredSchedule;
      current: CurrentSchedule;
      fields: FieldChange[];
    }
  | { kind: 'delete'; current: CurrentSchedule; why: string }
  | { kind: 'unchanged'; desired: DesiredSchedule; current: CurrentSchedule }
  /** It is left as it is: it is not there, is not ours, or might not be. */
  | { kind: 'left'; why: string }
);

export interface SchedulePlan {
  /** In the order of the names. */
  changes: Change[];
  deployment: string;
}

export interface PlanContext {
  /**
   * A {@link guardedSchedules} client.
   * @internal
   */
  client: ScheduleClient;
  /** The project root. */
  root: string;
  taskQueue: string;
  /** Ten characters that name this installation. */
  deployment: string;
  /** Whether the settings name the installation: else another project's schedules look like ours. */
  isNamed: boolean;
}

/** Descriptions that are asked for at once. */
const atOnce = 16;

/**
 * Compares what configs ask for with what the server has.
 * @param paths configs and folders of configs, relative to `folder`
 * @throws `ConfigProblems` with every problem: a config is wrong, two name the same schedule, or a name is that
 *   of somebody else's schedule
 */
export async function planSchedules(
  paths: readonly string[],
  { folder, ...context }: PlanContext & { folder: string },
): Promise<SchedulePlan> {
  const files = loadConfigFiles(paths, { root: context.root, folder });
  const requests = await scheduleRequests(files, context);
  const names = new Set([
    ...requests.keys(),
    ...(await ownNames(context.client, context.deployment)),
  ]);
  const limit = pLimit(atOnce);
  const seen = await Promise.all(
    [...names]
      .toSorted((a, b) => (a < b ? -1 : 1))
      .map(async (name) => ({
        name,
        current: await limit(() => readSchedule(context.client, name, context.deployment)),
      })),
  );
  const taken: Problem[] = [];
  const changes = seen.flatMap(({ name, current }): Change[] => {
    const request = requests.get(name);
    if (request === undefined) return vanished(current, files, context);
    if (current?.isOurs !== false) return [changeOf(request, current)];
    const why = foreignText(current);
    if (request.enable) taken.push(request.problem(`${why}; choose another name`));
    return request.enable ? [] : [{ kind: 'left', name, config: request.desired.config, why }];
  });
  if (taken.length > 0) throw new ConfigProblems(taken);
  return { changes, deployment: context.deployment };
}

/** Why a schedule is none of ours. */
export function foreignText({ name, pipeline }: OtherSchedule): string {
  return pipeline === null
    ? `\`${name}\` is the name of a schedule that Beamline did not make`
    : `\`${name}\` is the name of a schedule of another deployment of Beamline (pipeline ${pipeline})`;
}

/** The four rules of satokiyo/pydataflow-template (docs/README.md, 3.2). */
function changeOf({ enable, desired }: ScheduleRequest, current: CurrentSchedule | null): Change {
  const { name, config } = desired;
  if (!enable) {
    const why = '`enable` is false';
    return current === null
      ? { kind: 'left', name, config, why }
      : { kind: 'delete', name, config, current, why };
  }
  if (current === null) return { kind: 'create', name, config, desired };
  const fields = differences(current.facts, desiredFacts(desired, current.paused));
  return fields.length === 0
    ? { kind: 'unchanged', name, config, desired, current }
    : { kind: 'update', name, config, desired, current, fields };
}

/** A schedule of ours that no config names: it goes if its config was among the paths. */
function vanished(
  current: CurrentSchedule | OtherSchedule | null,
  files: ConfigFiles,
  { isNamed }: PlanContext,
): Change[] {
  if (current === null || !current.isOurs) return [];
  const { name, config } = current;
  if (!files.covers(config)) return [];
  const isThere = files.configs.some(({ path }) => path === config);
  const why = isThere ? `${config} does not name it any more` : `${config} is gone`;
  if (isNamed) return [{ kind: 'delete', name, config, current, why }];
  const unsure = 'as beamline.yaml names no `deployment` or `project`, it may be another project’s';
  return [{ kind: 'left', name, config, why: `${why}, but ${unsure}` }];
}
