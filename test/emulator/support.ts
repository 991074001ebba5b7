import { createServer, type IncomingMessage } from 'node:http';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FlexTemplatesServiceClient,
  JobsV1Beta3Client,
  MessagesV1Beta3Client,
  MetricsV1Beta3Client,
} from '@google-cloud/dataflow';
import { credentials } from '@grpc/grpc-js';
import { PassThroughClient } from 'google-auth-library';
import { HTTP, type CloudEvent } from 'cloudevents';
import { killGroup } from '../../src/process/process-record.js';
import type { EmulatorOptions } from '../../src/emulator/state/options.js';
import { until } from '../support/until.js';

// The clients would look for a metadata server that is not there.
process.env['METADATA_SERVER_DETECTION'] = 'none';

export const project = 'beamline-test';
export const region = 'local1';

/** A template's command in place of Beam: what it does is told by its parameters. */
const script = `
sleep=0; mode=ok
for a; do case "$a" in --sleep=*) sleep=\${a#*=};; --mode=*) mode=\${a#*=};; --touch=*) echo "$$" >>"\${a#*=}";; esac; done
if [ "$mode" = unstarted ]; then echo 'ModuleNotFoundError: no module named lost' >&2; exit 1; fi
if [ "$mode" = stubborn ]; then trap '' TERM; else trap 'exit 143' TERM; fi
echo '{"event":"started","beam":"2.77.0","pid":1}'
echo 'noise of a library'
echo '{"event":"progress","steps":{"flights":{"kind":"source","rows":10,"bytes":2048,"done":true}}}'
n=0; while [ "$n" -lt "$sleep" ]; do sleep 0.05; n=$((n + 50)); done
if [ "$mode" = fail ]; then
  printf '%s\\n' '{"event":"failed","failure":{"type":"UserSqlError","message":"no such column: x","retryable":false,"step":"flights","traceback":"Traceback (most recent call last):\\n  boom"}}'
  exit 1
fi
env >&2
echo '{"event":"finished","manifest":"gs://b/m","sha256":"0","seconds":{"build":1,"run":1}}'
`;
export const command = ['sh', '-c', script, 'template'];

export const spec = {
  image: 'example/template',
  sdkInfo: { language: 'PYTHON', version: '2.77.0' },
};

/** Options of an emulator whose jobs are quick. */
export function quick(folder: string, more: Partial<EmulatorOptions> = {}): EmulatorOptions {
  return {
    folder,
    command,
    queuedMs: 20,
    pendingMs: 20,
    eventsRetryMs: 20,
    onProblem: (message) => console.error(message),
    ...more,
  };
}

export interface Clients {
  templates: FlexTemplatesServiceClient;
  jobs: JobsV1Beta3Client;
  messages: MessagesV1Beta3Client;
  metrics: MetricsV1Beta3Client;
  close(): Promise<void>;
}

/** The unchanged Google clients, pointed at the emulator over gRPC. */
export function clientsOf({ grpc }: { grpc: string }): Clients {
  const [apiEndpoint = '', port] = grpc.split(':');
  return createClients({
    apiEndpoint,
    port: Number(port),
    sslCreds: credentials.createInsecure(),
    projectId: project,
  });
}

/** The same clients over REST. */
export function restClientsOf({ http }: { http: string }): Clients {
  const { hostname, port } = new URL(http);
  return createClients({
    apiEndpoint: hostname,
    port: Number(port),
    protocol: 'http',
    fallback: true,
    authClient: new PassThroughClient() as never,
    projectId: project,
  });
}

function createClients(options: ConstructorParameters<typeof JobsV1Beta3Client>[0]): Clients {
  const clients = {
    templates: new FlexTemplatesServiceClient(options),
    jobs: new JobsV1Beta3Client(options),
    messages: new MessagesV1Beta3Client(options),
    metrics: new MetricsV1Beta3Client(options),
  };
  return {
    ...clients,
    async close() {
      await Promise.all(Object.values(clients).map((client) => client.close()));
    },
  };
}

/** Launches a job with these parameters over gRPC and returns its id. */
export async function launch(
  { templates }: Clients,
  jobName: string,
  parameters: Record<string, string> = {},
  more: object = {},
): Promise<string> {
  const [{ job }] = await templates.launchFlexTemplate({
    projectId: project,
    location: region,
    launchParameter: { jobName, parameters, containerSpec: spec, ...more } as object,
  });
  return String(job?.id);
}

export async function stateOf({ jobs }: Clients, jobId: string): Promise<string> {
  const [job] = await jobs.getJob({ projectId: project, location: region, jobId });
  return String(job.currentState);
}

/** Waits until the job is in that state. */
export async function becomes(clients: Clients, id: string, state: string): Promise<void> {
  let last = '';
  try {
    await until(async () => (last = await stateOf(clients, id)) === `JOB_STATE_${state}`);
  } catch (error) {
    throw new Error(`${id} is ${last}, not ${state}`, { cause: error });
  }
}

export interface Receiver {
  url: string;
  events: CloudEvent<{ payload: Record<string, unknown> }>[];
  requests: { headers: IncomingMessage['headers']; body: string }[];
  /** States of a job's events in the order of arrival. */
  states: (name: string) => string[];
  /** Status that the next requests get; 204 to begin with. */
  answer: number;
  close(): Promise<void>;
}

/** Receives events as the gateway does; `port` 0 is a free one. */
export async function startReceiver(port = 0): Promise<Receiver> {
  const receiver: Receiver = {
    url: '',
    events: [],
    requests: [],
    states: (name) =>
      receiver.events
        .filter((event) => event['job'] === name)
        .map((event) => String(event.data?.payload['currentState']).replace('JOB_STATE_', '')),
    answer: 204,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      receiver.requests.push({ headers: request.headers, body });
      if (receiver.answer < 300 && !body.includes('"subscription"')) {
        const event = HTTP.toEvent({ headers: request.headers, body });
        receiver.events.push(event as CloudEvent<{ payload: Record<string, unknown> }>);
      }
      response.writeHead(receiver.answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events/dataflow`;
  return receiver;
}

export interface FakeStorage {
  url: string;
  objects: Map<string, string>;
  close(): Promise<void>;
}

/** What a launch needs of Cloud Storage's JSON API: download, and create if absent. */
export async function startStorage(): Promise<FakeStorage> {
  const objects = new Map<string, string>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://storage');
    const send = (status: number, body: string, headers = {}) =>
      response.writeHead(status, headers).end(body);
    const read = /\/b\/([^/]+)\/o\/([^/]+)$/.exec(url.pathname);
    if (request.method === 'GET' && read) {
      const content = objects.get(`gs://${read[1]}/${decodeURIComponent(read[2] ?? '')}`);
      if (content === undefined) send(404, '{"error":{"code":404,"message":"no such object"}}');
      else {
        const md5 = createHash('md5').update(content).digest('base64');
        send(200, content, { 'x-goog-hash': `md5=${md5}` });
      }
      return;
    }
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const [, bucket] = /\/b\/([^/]+)\/o$/.exec(url.pathname) ?? [];
      const name = `gs://${bucket}/${url.searchParams.get('name')}`;
      if (objects.has(name) && url.searchParams.get('ifGenerationMatch') === '0') {
        send(412, '{"error":{"code":412,"message":"precondition"}}');
        return;
      }
      // multipart/related: the second part is the content.
      objects.set(
        name,
        body
          .split(/\r\n--/)[1]
          ?.split('\r\n\r\n')
          .slice(1)
          .join('\r\n\r\n') ?? '',
      );
      send(200, JSON.stringify({ name, generation: '1' }), { 'content-type': 'application/json' });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

/** A folder that is removed after the test, and the jobs that run in it are ended. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'beamline-emulator-'));
  return {
    path,
    remove() {
      const jobs = join(path, 'jobs');
      for (const id of existsSync(jobs) ? readdirSync(jobs) : []) {
        const file = join(jobs, id, 'pid');
        if (existsSync(file)) killGroup(Number(readFileSync(file, 'utf8')), 'SIGKILL');
      }
      rmSync(path, { recursive: true, force: true });
    },
  };
}
