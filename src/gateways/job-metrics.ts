import type { JobMetrics } from '../shared/run/job.js';

/**
 * One metric of `projects.locations.jobs.getMetrics`
 * (https://cloud.google.com/dataflow/docs/reference/rest/v1b3/MetricUpdate), as REST or gRPC gives it.
 */
export interface MetricUpdate {
  name?: {
    origin?: string | null;
    name?: string | null;
    context?: Record<string, string> | null;
  } | null;
  /** A `google.protobuf.Value`: a plain number over REST, an object over gRPC. */
  scalar?: unknown;
}

const secondsPerHour = 3600;
const mbPerGb = 1024;

/**
 * The metrics of the service, with their units as their `original_name` states them:
 * `Service-cpu_num_seconds`, `Service-mem_mb_seconds`, `Service-pd_gb_seconds`,
 * `Service-pd_ssd_gb_seconds`, `Service-shuffle_service_actual_gb`. Recorded in
 * https://github.com/GoogleCloudPlatform/DataflowTemplates (LoadTestBase.java divides them alike;
 * it takes 1000 MB for a GB, we take the 1024 of a machine type's memory).
 */
const service = {
  vcpuSeconds: 'TotalVcpuTime',
  memoryMbSeconds: 'TotalMemoryUsage',
  diskGbSeconds: 'TotalPdUsage',
  ssdGbSeconds: 'TotalSsdUsage',
  shuffleGb: 'TotalShuffleDataProcessed',
  billedShuffleGb: 'BillableShuffleDataProcessed',
} as const;

/**
 * What a job did and consumed. The counter `rows` in the namespace of a step counts what left it, in
 * every transform that counts for the step. The service gives each counter twice: what is committed,
 * and with `tentative` also what may be repeated; the first counts, where it is there.
 */
export function jobMetricsOf(updates: readonly MetricUpdate[]): JobMetrics {
  const committed: Record<string, number> = {};
  const tentative: Record<string, number> = {};
  const totals = new Map<string, number>();
  for (const { name, scalar } of updates) {
    const value = numberOf(scalar);
    const metric = name?.name ?? '';
    const context = name?.context ?? {};
    if (value === null || metric === '') continue;
    const isTentative = 'tentative' in context;
    const step = context['namespace'];
    if (metric === 'rows' && step !== undefined && name?.origin === 'user') {
      const counts = isTentative ? tentative : committed;
      counts[step] = (counts[step] ?? 0) + value;
    } else if (name?.origin !== 'user' && !isTentative) totals.set(metric, value);
  }
  const hours = (metric: string, per = 1): number | null => {
    const value = totals.get(metric);
    return value === undefined ? null : value / per / secondsPerHour;
  };
  const disks = [hours(service.diskGbSeconds), hours(service.ssdGbSeconds)];
  const known = disks.filter((value) => value !== null);
  return {
    rows: { ...tentative, ...committed },
    vcpuHours: hours(service.vcpuSeconds),
    memoryGbHours: hours(service.memoryMbSeconds, mbPerGb),
    diskGbHours: known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0),
    shuffleGb: totals.get(service.billedShuffleGb) ?? totals.get(service.shuffleGb) ?? null,
  };
}

function numberOf(scalar: unknown): number | null {
  const value =
    typeof scalar === 'object' && scalar !== null
      ? ((scalar as { numberValue?: unknown; stringValue?: unknown }).numberValue ??
        (scalar as { stringValue?: unknown }).stringValue)
      : scalar;
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const number = Number(value);
  return value === '' || !Number.isFinite(number) ? null : number;
}
