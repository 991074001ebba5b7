import { timestamp } from '../state/job-json.js';
import { defaultMachineType } from '../state/environment.js';
import type { JobRecord } from '../state/job-record.js';

/**
 * A job's metrics as the service names them: its own from the time that the job ran on the machines
 * it asked for, the user's from what its command last said. Each is given as committed and, with
 * `tentative`, as attempted.
 */
export function metricsOf(
  job: JobRecord,
  steps: Record<string, { rows: number; bytes: number }>,
  now: number,
): Record<string, unknown>[] {
  const updateTime = timestamp(job.endTime ?? now);
  const metric = (
    origin: string,
    name: string,
    scalar: number,
    context: Record<string, string>,
  ): Record<string, unknown>[] => [
    { name: { origin, name, context }, scalar, updateTime },
    { name: { origin, name, context: { ...context, tentative: 'true' } }, scalar, updateTime },
  ];
  const user = Object.entries(steps).flatMap(([step, counters]) =>
    Object.entries(counters).flatMap(([name, value]) =>
      metric('user', name, value, { namespace: step, step }),
    ),
  );
  if (job.runningTime === undefined) return user;
  const seconds = ((job.endTime ?? now) - job.runningTime) / 1000;
  const machine = machineOf(job);
  const shuffledGb = Object.values(steps).reduce((sum, { bytes }) => sum + bytes, 0) / 1024 ** 3;
  const service = (name: string, original: string, scalar: number) =>
    metric('dataflow/v1b3', name, scalar, { original_name: `Service-${original}` });
  return [
    ...service('TotalVcpuTime', 'cpu_num_seconds', machine.vcpus * seconds),
    ...service('TotalMemoryUsage', 'mem_mb_seconds', machine.memoryMb * seconds),
    ...service('TotalPdUsage', 'pd_gb_seconds', machine.diskGb * seconds),
    ...service('TotalSsdUsage', 'pd_ssd_gb_seconds', 0),
    ...service('TotalShuffleDataProcessed', 'shuffle_service_actual_gb', shuffledGb),
    ...service('BillableShuffleDataProcessed', 'shuffle_service_chargeable_gb', shuffledGb / 4),
    ...user,
  ];
}

/** Of all workers together. */
function machineOf(job: JobRecord): { vcpus: number; memoryMb: number; diskGb: number } {
  const [pool] = job.environment['workerPools'] as {
    machineType?: string;
    numWorkers?: number;
    diskSizeGb?: number;
  }[];
  const workers = pool?.numWorkers ?? 1;
  const [, family = 'n1', kind = 'standard', count] =
    /^([a-z0-9]+)-([a-z]+)-(\d+)$/.exec(pool?.machineType ?? defaultMachineType) ?? [];
  const vcpus = Number(count ?? 1) * workers;
  const perVcpu = memoryGbPerVcpu[`${family}-${kind}`] ?? memoryGbPerVcpu[kind] ?? 4;
  return {
    vcpus,
    memoryMb: vcpus * perVcpu * 1024,
    diskGb: (pool?.diskSizeGb ?? batchDiskGb) * workers,
  };
}

/** Of a batch job on Dataflow Shuffle. */
const batchDiskGb = 25;
const memoryGbPerVcpu: Record<string, number> = {
  'n1-standard': 3.75,
  'n1-highmem': 6.5,
  'n1-highcpu': 0.9,
  standard: 4,
  highmem: 8,
  highcpu: 1,
};
