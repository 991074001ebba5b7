import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Api } from '../jobs/api.js';
import { ApiError, statuses } from '../state/api-error.js';
import { canonical } from '../grpc/definitions.js';
import { fromProto, toProto } from '../grpc/proto-json.js';
import type { Json } from '../jobs/jobs.js';

interface Route {
  verb: 'GET' | 'POST' | 'PUT';
  /** Of the path below `/v1b3/projects/{project}`. */
  path: RegExp;
  method: string;
  /** Field of the request that the body is; none means the request itself. */
  body?: 'job' | 'launchParameters';
}

const location = String.raw`(?:/locations/(?<location>[^/:]+))?`;
const job = String.raw`/jobs/(?<jobId>[^/:]+)`;
const route = (verb: Route['verb'], path: string, method: string, body?: Route['body']): Route => ({
  verb,
  path: new RegExp(`^${location}${path}$`),
  method,
  ...(body ? { body } : {}),
});

/** The HTTP rules of the protos' `google.api.http` options, and those that are refused by name. */
const routes: Route[] = [
  route('POST', '/flexTemplates:launch', 'LaunchFlexTemplate'),
  route('GET', '/jobs:aggregated', 'AggregatedListJobs'),
  route('GET', '/jobs', 'ListJobs'),
  route('POST', '/jobs', 'CreateJob', 'job'),
  route('GET', job, 'GetJob'),
  route('PUT', job, 'UpdateJob', 'job'),
  route('GET', `${job}/messages`, 'ListJobMessages'),
  route('GET', `${job}/metrics`, 'GetJobMetrics'),
  route('GET', `${job}/executionDetails`, 'GetJobExecutionDetails'),
  route('GET', `${job}/stages/(?<stageId>[^/]+)/executionDetails`, 'GetStageExecutionDetails'),
  route('POST', `${job}:snapshot`, 'SnapshotJob'),
  route('GET', `${job}/snapshots`, 'ListSnapshots'),
  route('GET', '/snapshots', 'ListSnapshots'),
  route('POST', '/templates:launch', 'LaunchTemplate', 'launchParameters'),
  route('POST', '/templates', 'CreateJobFromTemplate'),
  route('GET', '/templates:get', 'GetTemplate'),
];

/** The API as REST: `/v1b3/projects/…`, with and without `/locations/…`. */
export function addDataflowRoutes(app: FastifyInstance, api: Api): void {
  app.all('/v1b3/projects/:projectId/*', async (request, reply) => {
    const { projectId, '*': rest } = request.params as { projectId: string; '*': string };
    const found = find(request, `/${decodeURIComponent(rest)}`);
    if (found === null) {
      refuse(reply, new ApiError('NOT_FOUND', `${request.method} ${request.url}: no such method.`));
      return reply;
    }
    const { method, body, groups } = found;
    const content = (request.body ?? {}) as Json;
    const message: Json = {
      ...(body === undefined ? content : { [body]: content }),
      ...fromQuery(request.query as Record<string, string>),
      ...groups,
      projectId,
    };
    let canonicalMessage: Json;
    try {
      canonicalMessage = fromProto(canonical(method, toProto(message)) as Json);
    } catch (error) {
      refuse(reply, new ApiError('INVALID_ARGUMENT', `Invalid JSON payload: ${String(error)}`));
      return reply;
    }
    const outcome = await api.call('rest', method, canonicalMessage);
    switch (outcome.kind) {
      case 'response':
        return reply.send(outcome.response);
      case 'error':
        refuse(reply, outcome.error);
        return reply;
      case 'lost':
        reply.hijack();
        request.raw.socket.destroy();
        return reply;
    }
  });
}

/** Answers with a google.rpc.Status, as Google's REST APIs do. */
export function refuse(reply: FastifyReply, { status, message, details }: ApiError): void {
  const code = statuses[status].http;
  void reply.code(code).send({
    error: { code, message, status, ...(details.length > 0 ? { details } : {}) },
  });
}

function find(
  request: FastifyRequest,
  path: string,
): { method: string; body: Route['body']; groups: Record<string, string> } | null {
  for (const { verb, path: pattern, method, body } of routes) {
    const match = verb === request.method ? pattern.exec(path) : null;
    if (match === null) continue;
    const groups = Object.entries(match.groups ?? {}).filter(([, value]) => value !== undefined);
    return { method, body, groups: Object.fromEntries(groups) };
  }
  return null;
}

/** Query parameters as fields: those of the standard (`alt`, `$.xgafv`, …) are none. */
function fromQuery(query: Record<string, string>): Json {
  const fields = Object.entries(query).filter(
    ([name]) => !standard.has(name) && !name.startsWith('$'),
  );
  return Object.fromEntries(
    fields.map(([name, value]) => {
      if (name === 'validateOnly') return [name, value === 'true'];
      return [name, enumFields.has(name) && /^\d+$/.test(value) ? Number(value) : value];
    }),
  );
}
/** Enums may be given by number. */
const enumFields = new Set(['filter', 'view', 'minimumImportance']);
const standard = new Set([
  'access_token',
  'alt',
  'callback',
  'fields',
  'key',
  'oauth_token',
  'prettyPrint',
  'quotaUser',
  'uploadType',
  'upload_protocol',
]);
