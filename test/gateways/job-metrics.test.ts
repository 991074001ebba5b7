import assert from 'node:assert/strict';
import { jobMetricsOf, type MetricUpdate } from '../../src/gateways/job-metrics.js';
import { costOf } from '../../src/dataflow/prices.js';

const service = (name: string, scalar: unknown, unit: string): MetricUpdate => ({
  name: { origin: 'dataflow/v1b3', name, context: { original_name: unit } },
  scalar,
});
const rows = (
  step: string,
  transform: string,
  scalar: unknown,
  tentative = false,
): MetricUpdate => ({
  name: {
    origin: 'user',
    name: 'rows',
    context: {
      namespace: step,
      step: transform,
      ...(tentative ? { tentative: 'true' } : {}),
    },
  },
  scalar,
});

/** Two hours of two vCPUs with 8 GB each and 25 GB of disk. */
const updates: MetricUpdate[] = [
  service('CurrentVcpuCount', 4, 'Service-cpu_num'),
  service('TotalVcpuTime', 7_200, 'Service-cpu_num_seconds'),
  service('TotalMemoryUsage', 8 * 1024 * 3_600, 'Service-mem_mb_seconds'),
  service('TotalPdUsage', 25 * 3_600, 'Service-pd_gb_seconds'),
  service('TotalSsdUsage', 0, 'Service-pd_ssd_gb_seconds'),
  service('TotalShuffleDataProcessed', 4, 'Service-shuffle_service_actual_gb'),
  service('BillableShuffleDataProcessed', 1, 'Service-shuffle_service_chargeable_gb'),
  rows('orders', 's2', 1000),
  rows('orders', 's5', 200),
  rows('orders', 's2', 1100, true),
  rows('delays', 's7', 16, true),
  { name: { origin: 'user', name: 'bytes', context: { namespace: 'orders' } }, scalar: 9 },
  { name: { origin: 'dataflow/v1b3', name: 'ElementCount', context: { pcollection: 'x' } } },
];

describe("a job's metrics", () => {
  it('are in hours and gigabytes, rows by the step of the config', () => {
    assert.deepEqual(jobMetricsOf(updates), {
      rows: { orders: 1200, delays: 16 },
      vcpuHours: 2,
      memoryGbHours: 8,
      diskGbHours: 25,
      shuffleGb: 1,
    });
  });

  it('are read from gRPC values, too', () => {
    const overGrpc = updates.map((update) => ({
      ...update,
      ...(update.scalar === undefined
        ? {}
        : { scalar: { kind: 'numberValue', numberValue: update.scalar } }),
    }));
    assert.deepEqual(jobMetricsOf(overGrpc), jobMetricsOf(updates));
  });

  it('are null where the service does not say', () => {
    assert.deepEqual(jobMetricsOf([]), {
      rows: {},
      vcpuHours: null,
      memoryGbHours: null,
      diskGbHours: null,
      shuffleGb: null,
    });
  });
});

describe('the cost of a job', () => {
  const metrics = jobMetricsOf(updates);

  it('comes from list prices where the region is known', () => {
    // 2 × 0.056 + 8 × 0.003557 + 25 × 0.000054 + 1 × 0.011
    assert.deepEqual(costOf(metrics, 'us-central1'), {
      amount: 0.152806,
      currency: 'USD',
      prices: '2026-11-25',
    });
  });

  it('is not guessed for another region, or without consumption', () => {
    assert.equal(costOf(metrics, 'europe-west9'), null);
    assert.equal(costOf(null, 'us-central1'), null);
    assert.equal(costOf({ ...metrics, vcpuHours: null }, 'us-central1'), null);
    assert.equal(costOf(metrics, 'europe-west9', { vcpu_hour: 1, memory_gb_hour: 1 }), null);
  });

  it('takes single prices of the settings over the list prices', () => {
    const cost = costOf(metrics, 'us-central1', { vcpu_hour: 0 });
    assert.deepEqual(cost, { amount: 0.040806, currency: 'USD', prices: 'settings' });
  });

  it('comes from the prices of the settings where there are some', () => {
    const prices = {
      currency: 'EUR',
      vcpu_hour: 1,
      memory_gb_hour: 0,
      disk_gb_hour: 0,
      shuffle_gb: 0.5,
    };
    assert.deepEqual(costOf(metrics, 'europe-west9', prices), {
      amount: 2.5,
      currency: 'EUR',
      prices: 'settings',
    });
  });
});
