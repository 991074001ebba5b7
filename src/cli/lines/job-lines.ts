import type { CostEstimate, JobCause, JobMetrics, ReceiptJob } from '../../shared/run/job.js';

/** Facts of a run's Dataflow job, as pairs of a name and a value. */
export function jobFacts(job: ReceiptJob): [name: string, value: string][] {
  const { job_id, job_name, region, url } = job;
  const used = usedText(job.metrics ?? null);
  const cost = job.cost ? `${costText(job.cost)} (${pricesText(job.cost)})` : null;
  const facts: [string, string | null][] = [
    ['job', `${job_name}  ${jobStateText(job)}`],
    ['job id', job_id === '' ? null : `${job_id} in ${region}`],
    ['console', job_id === '' ? null : url],
    ['used', used],
    ['cost', cost],
  ];
  return facts.flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
}

/** `failed, launch 2, cancelled by force`. */
export function jobStateText({ state, launch, force_cancelled }: ReceiptJob): string {
  return [
    state.replace('JOB_STATE_', '').replaceAll('_', ' ').toLowerCase(),
    ...(launch > 1 ? [`launch ${launch}`] : []),
    ...(force_cancelled === true ? ['cancelled by force'] : []),
  ].join(', ');
}

/** `about $0.02`, `less than $0.01`, `about 1.50 EUR`. */
export function costText({ amount, currency }: CostEstimate): string {
  const money = (value: string): string =>
    currency === 'USD' ? `$${value}` : `${value} ${currency}`;
  return amount < 0.01 ? `less than ${money('0.01')}` : `about ${money(amount.toFixed(2))}`;
}

/** `database login`. */
export function causeText(cause: JobCause): string {
  switch (cause) {
    case 'permission':
    case 'quota':
    case 'network':
    case 'launcher':
    case 'image_pull':
    case 'out_of_memory':
    case 'database_login':
    case 'schema_mismatch':
      return cause.replaceAll('_', ' ');
    case 'user_sql':
      return 'SQL of the pipeline';
    case 'unknown':
      return 'no known cause';
  }
}

function usedText(metrics: JobMetrics | null): string | null {
  if (metrics === null) return null;
  const { vcpuHours, memoryGbHours, shuffleGb } = metrics;
  const parts = [
    ...(vcpuHours === null ? [] : [`${figure(vcpuHours)} vCPU hours`]),
    ...(memoryGbHours === null ? [] : [`${figure(memoryGbHours)} GB hours of memory`]),
    ...(shuffleGb === null || shuffleGb === 0 ? [] : [`${figure(shuffleGb)} GB shuffled`]),
  ];
  return parts.length === 0 ? null : parts.join(' · ');
}

function pricesText({ prices }: CostEstimate): string {
  return prices === 'settings' ? 'prices of the settings' : `list prices of ${prices}`;
}

/** Two digits that count: `12`, `1.2`, `0.12`, `0.0012`. */
function figure(value: number): string {
  return value >= 10 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}
