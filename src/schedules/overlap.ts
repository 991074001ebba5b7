import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { OverlapPolicy } from '../config/envelope/overlap-policies.js';

const policies = {
  skip: ScheduleOverlapPolicy.SKIP,
  buffer_one: ScheduleOverlapPolicy.BUFFER_ONE,
  buffer_all: ScheduleOverlapPolicy.BUFFER_ALL,
  cancel_other: ScheduleOverlapPolicy.CANCEL_OTHER,
  terminate_other: ScheduleOverlapPolicy.TERMINATE_OTHER,
  allow_all: ScheduleOverlapPolicy.ALLOW_ALL,
} satisfies Record<OverlapPolicy, ScheduleOverlapPolicy>;

/** Temporal's name of a policy. */
export function overlapOf(policy: OverlapPolicy): ScheduleOverlapPolicy {
  return policies[policy];
}
