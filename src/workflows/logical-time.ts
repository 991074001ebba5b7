import type { WorkflowInfo } from '@temporalio/workflow';

/** The search attribute in which Temporal's scheduler writes the time that a run was scheduled for. */
const scheduledTime = 'TemporalScheduledStartTime';

/**
 * The time that a run stands for: that of its schedule, without jitter and delay, also if it was
 * backfilled; else when its first execution started. Continue-as-new, a retry and a reset keep it.
 */
export function logicalTimeOf(
  info: Pick<WorkflowInfo, 'startTime' | 'typedSearchAttributes'>,
): Date {
  for (const { key, value } of info.typedSearchAttributes.getAll()) {
    if (key.name === scheduledTime && value instanceof Date) return value;
  }
  return info.startTime;
}
