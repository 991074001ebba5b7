import type { protos } from '@google-cloud/dataflow';
import type { JobMessage } from '../shared/run/job.js';

type Api = typeof protos.google.dataflow.v1beta3;
type Message = protos.google.dataflow.v1beta3.IJobMessage;

/** Our names of `JobMessageImportance`, least important first. */
export const importanceNames = {
  debug: 'JOB_MESSAGE_DEBUG',
  detailed: 'JOB_MESSAGE_DETAILED',
  basic: 'JOB_MESSAGE_BASIC',
  warning: 'JOB_MESSAGE_WARNING',
  error: 'JOB_MESSAGE_ERROR',
} as const satisfies Record<JobMessage['importance'], string>;

/** A line of a job's log; one of an importance that is new counts as basic. */
export function messageOf(
  api: Api,
  { time, messageImportance, messageText }: Message,
  timeOf: (time: Message['time']) => string | undefined,
): JobMessage {
  const name =
    typeof messageImportance === 'number'
      ? api.JobMessageImportance[messageImportance]
      : messageImportance;
  const known = Object.entries(importanceNames).find(([, apiName]) => apiName === name)?.[0];
  return {
    time: timeOf(time) ?? '',
    importance: (known as JobMessage['importance'] | undefined) ?? 'basic',
    text: messageText ?? '',
  };
}
