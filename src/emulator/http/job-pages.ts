import type { FastifyInstance, FastifyReply } from 'fastify';
import { isTerminal, type JobRecord } from '../state/job-record.js';
import type { Lifecycle } from '../jobs/lifecycle.js';
import { pageOf } from '../jobs/list.js';
import { metricsOf } from '../jobs/metrics.js';
import { lastLines, readOutput } from '../jobs/output.js';
import { html, page, type Html } from './html.js';
import { number } from '../../shared/counts.js';

const shownJobs = 200;
const shownMessages = 200;
const shownLines = 60;

/** Pages for people: the list of jobs at `/`, and each job where the console has it. */
export function addJobPages(app: FastifyInstance, lifecycle: Lifecycle): void {
  const { state } = lifecycle;
  app.get('/', (_request, reply) => {
    const { jobs } = pageOf(state.jobs.values(), {
      filter: 'ALL',
      pageSize: shownJobs,
      pageToken: '',
      name: undefined,
      queued: true,
    });
    return send(reply, page('Dataflow emulator', 3, listBody(jobs, state.jobs.size)));
  });
  app.get('/dataflow/jobs/:region/:id', (request, reply) => {
    const { region, id } = request.params as { region: string; id: string };
    const job = state.jobs.get(id);
    if (job?.region !== region) {
      const body = html`<h1>No such job</h1>
        <p>There is no job <code>${id}</code> in <code>${region}</code>.</p>`;
      return send(reply.code(404), page('No such job', null, body));
    }
    const refresh = isTerminal(job.state) ? null : 2;
    return send(reply, page(`${job.name}: ${short(job.state)}`, refresh, jobBody(job, lifecycle)));
  });
}

function send(reply: FastifyReply, text: string): FastifyReply {
  return reply
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
    .send(text);
}

function listBody(jobs: readonly JobRecord[], total: number): Html {
  if (jobs.length === 0)
    return html`<h1>Jobs</h1>
      <p class="muted">None has been launched.</p>`;
  const rest = total > jobs.length ? html`<p class="muted">${jobs.length} of ${total}</p>` : '';
  return html`<h1>Jobs</h1>
    <table>
      <tr>
        <th>Name</th>
        <th>State</th>
        <th>Project</th>
        <th>Region</th>
        <th>Created</th>
        <th class="number">Duration</th>
      </tr>
      ${jobs.map(
        (job) =>
          html`<tr>
            <td><a href="${addressOf(job)}">${job.name}</a></td>
            <td>${badge(job)}</td>
            <td>${job.project}</td>
            <td>${job.region}</td>
            <td>${when(job.createTime)}</td>
            <td class="number">${duration(job)}</td>
          </tr>`,
      )}
    </table>
    ${rest}`;
}

function jobBody(job: JobRecord, lifecycle: Lifecycle): Html {
  const folder = lifecycle.folderOf(job.id);
  const steps = job.steps ?? readOutput(folder).steps;
  const messages = (lifecycle.state.messages.get(job.id) ?? []).slice(-shownMessages).toReversed();
  const log = lastLines(folder, shownLines);
  const service = metricsOf(job, {}, Date.now()).filter(
    ({ name }) => !('tentative' in (name as { context: object }).context),
  );
  return html`<h1>${job.name} ${badge(job)}</h1>
    <p class="muted"><code>${job.id}</code></p>
    <table class="narrow">
      ${fact('Project', job.project)} ${fact('Region', job.region)}
      ${fact('Created', when(job.createTime))}
      ${job.runningTime === undefined ? '' : fact('Running since', when(job.runningTime))}
      ${job.endTime === undefined ? '' : fact('Ended', when(job.endTime))}
      ${fact('Duration', duration(job))} ${job.forced ? fact('Cancelled', 'by force') : ''}
      ${job.replacedByJobId === undefined ? '' : fact('Replaced by', job.replacedByJobId)}
    </table>
    ${section('Steps', stepsTable(steps))}
    ${section(
      'Messages',
      messages.map(
        ({ time, importance, text }) =>
          html`<tr>
            <th>${when(time)}</th>
            <td class="${short(importance)}"><pre>${text}</pre></td>
          </tr>`,
      ),
    )}
    ${
      log === ''
        ? ''
        : html`<h2>Log</h2>
            <pre>${log}</pre>`
    }
    ${section('Labels', facts(job.labels))} ${section('Parameters', facts(job.parameters))}
    ${section(
      'Metrics of the service',
      service.map(({ name, scalar }) =>
        fact((name as { name: string }).name, Number(scalar).toFixed(3)),
      ),
    )}
    <h2>Environment</h2>
    <pre>${JSON.stringify(job.environment, null, 2)}</pre>`;
}

function stepsTable(steps: Record<string, { rows: number; bytes: number }>): Html[] {
  const rows = Object.entries(steps).map(
    ([step, { rows, bytes }]) =>
      html`<tr>
        <td>${step}</td>
        <td class="number">${number(rows)}</td>
        <td class="number">${number(bytes)}</td>
      </tr>`,
  );
  const head = html`<tr>
    <th>Step</th>
    <th class="number">Rows</th>
    <th class="number">Bytes</th>
  </tr>`;
  return rows.length === 0 ? [] : [head, ...rows];
}

function section(title: string, rows: readonly Html[]): Html | '' {
  return rows.length === 0
    ? ''
    : html`<h2>${title}</h2>
        <table class="narrow">
          ${rows}
        </table>`;
}

function facts(values: Readonly<Record<string, string>>): Html[] {
  return Object.entries(values).map(([name, value]) => fact(name, value));
}

function fact(name: string, value: Html | string): Html {
  return html`<tr>
    <th>${name}</th>
    <td>${value}</td>
  </tr>`;
}

function badge(job: JobRecord): Html {
  return html`<span class="state ${short(job.state)}">${short(job.state)}</span>`;
}

function addressOf({ region, id, project }: JobRecord): string {
  return `/dataflow/jobs/${encodeURIComponent(region)}/${id}?project=${encodeURIComponent(project)}`;
}

function when(ms: number): Html {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')}</time>`;
}

function duration({ createTime, endTime }: JobRecord): string {
  const seconds = ((endTime ?? Date.now()) - createTime) / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

function short(state: string): string {
  return state.replace(/^JOB_(STATE|MESSAGE)_/, '');
}
