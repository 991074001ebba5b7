import { CloudEvent, HTTP } from 'cloudevents';
import { jobJson, timestamp } from '../state/job-json.js';
import type { JobRecord } from '../state/job-record.js';
import type { EventsMode } from '../state/options.js';

/** An HTTP request that carries one event. */
export interface EventRequest {
  headers: Record<string, string>;
  body: string;
}

/**
 * `google.cloud.dataflow.job.v1beta3.statusChanged`. Attributes, extensions and data are those of
 * googleapis/google-cloudevents (google/events/cloud/dataflow/v1beta3) and of events that users
 * published (see docs/emulator.md); `project` is the id here, there it is the number.
 */
export function jobEventRequest(id: string, job: JobRecord, mode: EventsMode): EventRequest {
  const event = new CloudEvent({
    id,
    type: 'google.cloud.dataflow.job.v1beta3.statusChanged',
    source: `//dataflow.googleapis.com/projects/${job.project}/locations/${job.region}`,
    subject: `jobs/${job.name}`,
    time: timestamp(job.stateTime),
    datacontenttype: 'application/json; charset=utf-8',
    dataschema:
      'https://googleapis.github.io/google-cloudevents/proto/google/events/cloud/dataflow/v1beta3/data.proto#JobEventData',
    project: job.project,
    location: job.region,
    job: job.name,
    data: {
      '@type': 'type.googleapis.com/google.events.cloud.dataflow.v1beta3.JobEventData',
      payload: jobJson(job),
    },
  });
  switch (mode) {
    case 'binary':
      return plain(HTTP.binary(event));
    case 'structured':
      return plain(HTTP.structured(event));
    case 'pubsub-push':
      return pubsubPush(event, id);
  }
}

/** Pub/Sub push: the CloudEvents protocol binding for Pub/Sub puts attributes beside the data. */
function pubsubPush(event: CloudEvent<unknown>, messageId: string): EventRequest {
  const { headers, body } = plain(HTTP.binary(event));
  const attributes = Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('ce-') || name === 'content-type'),
  );
  return {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      subscription: `projects/${String(event['project'])}/subscriptions/beamline-emulator`,
      message: {
        data: Buffer.from(body).toString('base64'),
        attributes,
        messageId,
        publishTime: event.time,
      },
    }),
  };
}

function plain(message: { headers: object; body: unknown }): EventRequest {
  return {
    headers: Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
    ),
    body: typeof message.body === 'string' ? message.body : JSON.stringify(message.body),
  };
}
