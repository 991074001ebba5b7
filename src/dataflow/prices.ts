import type { CostEstimate, JobMetrics, Prices } from '../shared/run/job.js';

/**
 * List prices of batch workers in the regions whose prices we could check. They are those of
 * https://cloud.google.com/dataflow/pricing for us-central1, as
 * https://github.com/GoogleCloudPlatform/PerfKitBenchmarker and
 * https://github.com/GoogleCloudPlatform/DataflowTemplates (LoadTestBase.java) carry them, too.
 * Prices differ by region: for another region nothing is guessed, the settings can say them.
 */
const listPrices = {
  /** When they were taken. */
  date: '2026-11-25',
  regions: ['us-central1'],
  prices: {
    currency: 'USD',
    vcpu_hour: 0.056,
    memory_gb_hour: 0.003557,
    disk_gb_hour: 0.000054,
    shuffle_gb: 0.011,
  },
} as const;

/**
 * What a job cost, about; null if its consumption or the prices of its region are not known.
 * @param override of the settings, over the list prices; for a region without list prices it must
 *   price all that the job consumed
 */
export function costOf(
  metrics: JobMetrics | null,
  region: string,
  override: Partial<Prices> = {},
): CostEstimate | null {
  if (metrics === null) return null;
  const { vcpuHours, memoryGbHours, diskGbHours, shuffleGb } = metrics;
  if (vcpuHours === null || memoryGbHours === null) return null;
  const isListed = listPrices.regions.some((listed) => listed === region);
  const prices: Partial<Prices> = { ...(isListed ? listPrices.prices : {}), ...override };
  const parts = [
    [vcpuHours, prices.vcpu_hour],
    [memoryGbHours, prices.memory_gb_hour],
    [diskGbHours ?? 0, prices.disk_gb_hour],
    [shuffleGb ?? 0, prices.shuffle_gb],
  ] as const;
  let amount = 0;
  for (const [consumed, price] of parts) {
    if (consumed === 0) continue;
    if (price === undefined) return null;
    amount += consumed * price;
  }
  return {
    amount: Number(amount.toFixed(6)),
    currency: prices.currency ?? 'USD',
    prices: Object.keys(override).length === 0 ? listPrices.date : 'settings',
  };
}
