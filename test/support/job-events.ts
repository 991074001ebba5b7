import { CloudEvent, HTTP } from 'cloudevents';
import { labelsOf, type JobIdentity } from '../../src/shared/run/job-identity.js';

/** A text that stands for what must not leave an event: a job's pipeline options. */
export const secretOption = 'password-in-a-pipeline-option';

export const identity: JobIdentity = {
  workflowId: 'orders-2026-11-24T03:00:00Z',
  runKey: 'q4kx7mw2ta',
  ordinal: 1,
  deployment: 'ourdeploy',
};

export interface JobClaim extends Partial<JobIdentity> {
  /** Name or number of the state; not of one that is known, in some tests. */
  state?: number | string;
  jobId?: string;
  labels?: Record<string, string>;
}

/** The data of a `statusChanged` event, as proto3's JSON has it. */
export function jobData({ state = 'JOB_STATE_DONE', jobId = 'job-1', labels, ...who }: JobClaim) {
  return {
    payload: {
      id: jobId,
      projectId: 'our-project',
      name: 'orders-20261124t0300-q4kx7mw2ta-1',
      type: 'JOB_TYPE_BATCH',
      environment: { sdkPipelineOptions: { options: { password: secretOption } } },
      currentState: state,
      currentStateTime: '2026-11-24T03:04:11.123456Z',
      createTime: '2026-11-24T03:00:11Z',
      labels: labels ?? labelsOf({ ...identity, ...who }),
      location: 'europe-west3',
    },
  };
}

export const jobType = 'google.cloud.dataflow.job.v1beta3.statusChanged';

function cloudEvent(data: unknown, type = jobType): CloudEvent<unknown> {
  return new CloudEvent({
    id: 'event-1',
    type,
    source: '//dataflow.googleapis.com/projects/our-project/locations/europe-west3/jobs/job-1',
    datacontenttype: 'application/json',
    subject: 'jobs/job-1',
    job: 'job-1',
    data,
  });
}

/** A request as it is sent. */
export interface SentEvent {
  headers: Record<string, string>;
  body: string;
}

export function binary(data: unknown, type = jobType): SentEvent {
  const { headers, body } = HTTP.binary(cloudEvent(data, type));
  return { headers: headers as Record<string, string>, body: String(body) };
}

export function structured(data: unknown, type = jobType): SentEvent {
  const { headers, body } = HTTP.structured(cloudEvent(data, type));
  return { headers: headers as Record<string, string>, body: String(body) };
}

/** The body of a Pub/Sub push; `attributes` are those of the published message. */
export function push(data: unknown, attributes: Record<string, string> = {}): SentEvent {
  const message = {
    attributes,
    data: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)).toString('base64'),
    messageId: '2070443601311540',
    message_id: '2070443601311540',
    publishTime: '2026-11-24T03:04:12.755Z',
    publish_time: '2026-11-24T03:04:12.755Z',
  };
  return {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      message,
      subscription: 'projects/our-project/subscriptions/beamline',
      deliveryAttempt: 1,
    }),
  };
}

/** The attributes that make a Pub/Sub message a CloudEvent in binary mode. */
export function eventAttributes(type = jobType): Record<string, string> {
  const { headers } = binary({}, type);
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name === 'content-type' ? 'Content-Type' : name,
      value,
    ]),
  );
}
