import type { WorkflowInfo } from '@temporalio/workflow';

/** The search attribute in which Temporal's scheduler writes the time that a run was scheduled for. */
const scheduledTime = 'TemporalScheduledStartTime';

/**
 * The time that a run stands for: that of its schedule, without jitter and delay, also if it was
 * backfilled; else the start of this execution.
 *
 * Continue-as-new, a retry and a reset keep the time of a schedule. They do not keep a start: a run that
 * no schedule started passes it on to the execution that continues it.
 */
export function logicalTimeOf(
  info: Pick<WorkflowInfo, 'startTime' | 'typedSearchAttributes'>,
): Date {
  for (const { key, value } of info.typedSearchAttributes.getAll()) {
    if (key.name !== scheduledTime || !(value instanceof Date)) continue;
    if (!Number.isNaN(value.getTime())) return value;
  }
  return info.startTime;
}
