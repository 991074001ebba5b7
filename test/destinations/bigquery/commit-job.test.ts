import assert from 'node:assert/strict';
import {
  takeVersion,
  type CommitAttempt,
} from '../../../src/destinations/bigquery/commit/commit-job.js';
import {
  BigQueryError,
  type BigQueryService,
  type FinishedJob,
} from '../../../src/gateways/bigquery-service.js';

/** What becomes of the jobs that are inserted, in order; later ones succeed. */
type Fate = BigQueryError | null;

const broken = new BigQueryError('the service had a problem', 'backendError', null);
const invalid = new BigQueryError('no such column', 'invalidQuery', null);

/** Keeps jobs as the service does: an id is accepted once. */
class Jobs implements Pick<BigQueryService, 'insertJob' | 'finishedJob'> {
  readonly #jobs = new Map<string, FinishedJob>();
  fates: Fate[] = [];

  get inserted(): number {
    return this.#jobs.size;
  }

  async insertJob({ jobId }: { jobId: string }, { labels }: { labels: Record<string, string> }) {
    if (this.#jobs.has(jobId)) return false;
    this.#jobs.set(jobId, { labels, error: this.fates.shift() ?? null });
    return true;
  }

  async finishedJob({ jobId }: { jobId: string }) {
    return this.#jobs.get(jobId) ?? null;
  }
}

const table = { project: 'p', dataset: 'd', table: 't' };
const attemptOf = (run: string): CommitAttempt => ({
  labels: { 'beamline-run': run },
  sql: 'SELECT 1',
  parameters: () => [],
});

const take = async (jobs: Jobs, run: string, version = 1, logCreatedAt = '1') => {
  const service = jobs as unknown as BigQueryService;
  const space = { table, logCreatedAt, location: 'US' };
  const outcome = await takeVersion(service, space, version, attemptOf(run));
  return outcome.by === 'us' ? { by: outcome.by, adopted: outcome.adopted } : outcome;
};

describe('bigquery: who takes a version', () => {
  it('takes it with one job, and adopts that job when it comes again', async () => {
    const jobs = new Jobs();
    assert.deepEqual(await take(jobs, 'run1'), { by: 'us', adopted: false });
    assert.deepEqual(await take(jobs, 'run1'), { by: 'us', adopted: true });
    assert.deepEqual(await take(jobs, 'run2'), { by: 'another' });
    assert.equal(jobs.inserted, 1);
  });

  it('tries again with another id after a job that failed for a passing reason, not for ever', async () => {
    const jobs = new Jobs();
    jobs.fates = [broken, broken];
    assert.deepEqual(await take(jobs, 'run1'), { by: 'us', adopted: false });
    assert.equal(jobs.inserted, 3);
    const unlucky = new Jobs();
    unlucky.fates = [broken, broken, broken, broken];
    await assert.rejects(take(unlucky, 'run1'), broken);
    assert.equal(unlucky.inserted, 3);
  });

  it('gives up at once for a reason that stays; the next run finds the version free', async () => {
    const jobs = new Jobs();
    jobs.fates = [invalid];
    await assert.rejects(take(jobs, 'run1'), invalid);
    assert.equal(jobs.inserted, 1);
    assert.deepEqual(await take(jobs, 'run2'), { by: 'us', adopted: false });
    assert.deepEqual(await take(jobs, 'run1'), { by: 'another' });
  });

  it('counts past any number of jobs that failed before', async () => {
    const jobs = new Jobs();
    for (let run = 0; run < 30; run++) {
      jobs.fates = [invalid];
      await assert.rejects(take(jobs, `run${run}`), invalid);
    }
    assert.deepEqual(await take(jobs, 'last'), { by: 'us', adopted: false });
  });

  it('begins anew with a log that was dropped and made again', async () => {
    const jobs = new Jobs();
    await take(jobs, 'run1');
    assert.deepEqual(await take(jobs, 'run2', 1, '2'), { by: 'us', adopted: false });
  });
});
