import type { measureCost } from './cost.js';
import type { measureDetection } from './detection.js';
import type { measureInFlight } from './in-flight.js';
import type { measureThroughput } from './throughput.js';

/** A result file; a part that was not measured is absent. */
export interface Result {
  date: string;
  machine: Record<string, string | number>;
  versions: Record<string, string>;
  command: string[];
  load_before: number[];
  load_after?: number[];
  cost?: Awaited<ReturnType<typeof measureCost>>;
  detection?: Awaited<ReturnType<typeof measureDetection>>;
  throughput?: Awaited<ReturnType<typeof measureThroughput>>[];
  in_flight?: Awaited<ReturnType<typeof measureInFlight>>;
}

/** The tables of `docs/benchmarks.md`. */
export function markdown(result: Result): string {
  const { cost, detection, throughput, in_flight: inFlight } = result;
  return [
    where(result),
    ...(detection ? [detectionTable(detection)] : []),
    ...(cost ? [costTable(cost)] : []),
    ...(throughput ? [throughputTable(throughput)] : []),
    ...(inFlight ? [inFlightTable(inFlight)] : []),
  ].join('\n\n');
}

function where({ date, machine, versions, load_before, load_after }: Result): string {
  const { commit, ...others } = versions;
  const named = Object.entries(others).map(([name, version]) => `${name} ${version}`);
  return (
    `Run on ${date} at commit \`${commit}\`: ${machine['cores']} cores (${machine['processor']}), ` +
    `${machine['memory_gib']} GiB, ${machine['system']}. Load averages before and after: ` +
    `${load_before.join(', ')}; ${(load_after ?? []).join(', ')}.\n\nVersions: ${named.join(', ')}.`
  );
}

function detectionTable({ beamline, pollers, runs }: NonNullable<Result['detection']>): string {
  const { signal_recorded_s, workflow_knows_s, job_read_s, calls_per_run } = beamline;
  const own = [
    ['Beamline: the event is in the history', signal_recorded_s, ''],
    ['**Beamline: the workflow knows**', workflow_knows_s, calls_per_run],
    ['Beamline: the job has been read', job_read_s, ''],
  ] as const;
  const others = pollers.map(
    ({ interval, delay_s, calls_per_run: calls }) =>
      [`poller, every ${interval} s`, delay_s, calls] as const,
  );
  return table(
    [`of ${runs} jobs, seconds after the end`, 'p50', 'p99', '`getJob` calls per run'],
    [...own, ...others].map(([name, { p50, p99 }, calls]) => [
      name,
      p50.toFixed(2),
      p99.toFixed(2),
      typeof calls === 'number' ? calls.toFixed(2) : '',
    ]),
  );
}

const costRows = {
  events: 'history events',
  bytes: 'history bytes',
  lock_events: 'events of the lock',
  actions: "billable actions, the lock's included",
  heartbeats: 'heartbeats, which are billed too',
} as const;

function costTable({ local, dataflow }: NonNullable<Result['cost']>): string {
  return table(
    ['one normal run, one sink, medians', 'local', 'Dataflow'],
    Object.entries(costRows).map(([key, name]) => [
      name,
      local[key as keyof typeof costRows].toLocaleString('en'),
      dataflow[key as keyof typeof costRows].toLocaleString('en'),
    ]),
  );
}

function throughputTable(measured: NonNullable<Result['throughput']>): string {
  const parts = Object.keys(measured[0]?.cpu_s_per_run ?? {});
  return table(
    ['', ...measured.map(({ inProcessPublisher }) => publisherOf(inProcessPublisher))],
    [
      ['runs per second', ...measured.map(({ runs_per_second }) => runs_per_second.toFixed(2))],
      ...parts.map((part) => [
        `CPU s per run: ${part}`,
        ...measured.map(({ cpu_s_per_run }) => (cpu_s_per_run[part] ?? 0).toFixed(2)),
      ]),
      [
        'cores that others used meanwhile',
        ...measured.map(({ other_cores }) => other_cores.toFixed(2)),
      ],
    ],
  );
}

function publisherOf(inProcess: boolean): string {
  return inProcess ? 'without the publisher processes' : 'as it is';
}

function inFlightTable(measured: NonNullable<Result['in_flight']>): string {
  return table(
    ['runs in flight on one worker', String(measured.waiting_at_once)],
    [
      ['seconds to launch them', String(measured.seconds_to_launch)],
      ['workflows in the cache, locks included', String(measured.workflows_cached)],
      [
        "the worker's resident MB, before and while all wait",
        `${measured.worker_mb_before}, ${measured.worker_mb_waiting}`,
      ],
      ['MB per run', measured.mb_per_run.toFixed(3)],
      [
        "the worker's cores while all wait",
        measured.worker_cores_waiting?.toFixed(4) ?? 'not measured',
      ],
      [
        'finished, in seconds',
        `${measured.finished} of ${measured.launched}, ${measured.seconds_to_finish}`,
      ],
      ['failed', String(measured.failed)],
    ],
  );
}

function table(head: string[], rows: (readonly string[])[]): string {
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
