import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import {
  DataflowRefused,
  DataflowUnavailable,
  JobNotFound,
  UnknownJobState,
} from '../../src/gateways/dataflow.js';
import { createRuns } from '../../src/orphans/temporal-runs.js';
import { endJobs } from '../../src/orphans/end-jobs.js';
import { findOrphanJobs } from '../../src/orphans/find-jobs.js';
import { findOrphanLocks, releaseLocks } from '../../src/orphans/find-locks.js';
import {
  findLocalStaging,
  findObjectStaging,
  removeStaging,
} from '../../src/orphans/find-staging.js';
import type { RunFate, Runs } from '../../src/orphans/orphan.js';
import { labelsOf } from '../../src/shared/run/job-identity.js';
import type { JobMetrics, JobState, JobView } from '../../src/shared/run/job.js';
import { costOf } from '../../src/dataflow/prices.js';
import { createFakeObjects, FakeJobs } from '../support/fake-jobs.js';

const now = Date.parse('2026-11-25T05:00:00Z');
const scope = {
  project: 'p',
  regions: ['us-central1'],
  deployment: 'ours',
  console: 'https://console',
  costOf: (metrics: JobMetrics | null, region: string) => costOf(metrics, region),
};
const goneKey = 'aaaaaaaaaa';
const openKey = 'bbbbbbbbbb';
const foreignKey = 'cccccccccc';
const fateOf: Runs['fateOf'] = async (runKey): Promise<RunFate> =>
  runKey === openKey ? 'open' : runKey === goneKey ? 'closed' : 'unknown';

const fateOfRun: Runs['fateOfRun'] = ({ runKey }) => fateOf(runKey);

function failing(message: string): Promise<never> {
  return Promise.reject(new Error(message));
}

function jobOf(jobId: string, runKey: string, change: Partial<JobView> = {}): JobView {
  return {
    jobId,
    jobName: `orders-${jobId}-${runKey}-1`,
    state: 'JOB_STATE_RUNNING',
    createTime: '2026-11-25T03:00:00Z',
    type: 'batch',
    labels: labelsOf({ workflowId: `wf ${runKey}`, runKey, ordinal: 1, deployment: 'ours' }),
    ...change,
  };
}

describe('jobs whose run is gone', () => {
  let dataflow: FakeJobs;
  beforeEach(() => {
    dataflow = new FakeJobs();
  });
  const findAll = () => findOrphanJobs(dataflow, { fateOfRun }, scope, now);
  const find = async () => (await findAll()).jobs;
  const end = async (how: 'cancel' | 'drain', options?: { evenUnknown: boolean }) =>
    endJobs(dataflow, 'p', await findAll(), how, options);

  it('are found, with their age and what they have cost so far', async () => {
    dataflow.add(jobOf('j1', goneKey));
    dataflow.add(jobOf('j2', openKey));
    const consumed = { rows: {}, memoryGbHours: 0, diskGbHours: 0, shuffleGb: 0 };
    dataflow.metricsOf.set('j1', { ...consumed, vcpuHours: 100 });
    assert.deepEqual(await find(), [
      {
        job_id: 'j1',
        job_name: `orders-j1-${goneKey}-1`,
        region: 'us-central1',
        state: 'JOB_STATE_RUNNING',
        type: 'batch',
        run_key: goneKey,
        workflow_id: `wf ${goneKey}`,
        run: 'closed',
        launch: 1,
        url: 'https://console/dataflow/jobs/us-central1/j1?project=p',
        age_ms: 7_200_000,
        cost: { amount: 5.6, currency: 'USD', prices: '2026-11-25' },
      },
    ]);
  });

  it('are never those of another deployment, or of nobody we know', async () => {
    const labels = labelsOf({
      workflowId: 'w',
      runKey: goneKey,
      ordinal: 1,
      deployment: 'theirs',
    });
    dataflow.add(jobOf('j1', goneKey, { labels }));
    dataflow.add(jobOf('j2', goneKey, { labels: {} }));
    dataflow.add(jobOf('j3', goneKey, { labels: { 'beamline-deployment': 'ours' } }));
    dataflow.add(jobOf('j4', goneKey, { jobName: 'somebody-else' }));
    assert.deepEqual(await find(), []);
    assert.deepEqual(dataflow.calls, ['list', 'get j1', 'get j2', 'get j3']);
  });

  it('are not those that end while one looks', async () => {
    dataflow.add(jobOf('j1', goneKey));
    const runs = {
      fateOfRun: async (): Promise<RunFate> => {
        dataflow.add(jobOf('j1', goneKey, { state: 'JOB_STATE_DONE' }));
        return 'closed';
      },
    };
    assert.deepEqual((await findOrphanJobs(dataflow, runs, scope, now)).jobs, []);
  });

  it('are shown without a cost where the service gives none', async () => {
    dataflow.add(jobOf('j1', goneKey));
    assert.equal((await find())[0]?.cost, null);
  });

  it('are not guessed where the service or Temporal does not answer', async () => {
    dataflow.add(jobOf('j1', goneKey));
    dataflow.failures = [new DataflowUnavailable('503')];
    await assert.rejects(find(), DataflowUnavailable);
    await assert.rejects(
      findOrphanJobs(dataflow, { fateOfRun: () => failing('down') }, scope, now),
      /down/,
    );
  });

  const requests = (): string[] => dataflow.calls.filter((call) => call.startsWith('request'));

  it('are cancelled once, however often that is asked', async () => {
    dataflow.add(jobOf('j1', goneKey));
    dataflow.add(jobOf('j2', openKey));
    assert.deepEqual(await end('cancel'), [{ job_id: 'j1', asked: 'cancel' }]);
    const again = await end('cancel');
    assert.equal(again[0]?.asked, null);
    assert.deepEqual(requests(), ['request JOB_STATE_CANCELLED j1']);
    assert.equal(dataflow.jobs.get('j2')?.state, 'JOB_STATE_RUNNING');
  });

  it('are left alone if this Temporal does not know their run, unless that is said', async () => {
    dataflow.add(jobOf('j1', foreignKey));
    assert.equal((await find())[0]?.run, 'unknown');
    assert.equal((await end('cancel'))[0]?.asked, null);
    assert.deepEqual(requests(), []);
    const [ended] = await end('cancel', { evenUnknown: true });
    assert.equal(ended?.asked, 'cancel');
  });

  it('are drained only if they stream', async () => {
    dataflow.add(jobOf('j1', goneKey));
    dataflow.add(jobOf('j2', goneKey, { type: 'streaming' }));
    const [batch, streaming] = await end('drain');
    assert.match(batch?.reason ?? '', /batch job cannot be drained/);
    assert.equal(streaming?.asked, 'drain');
    assert.deepEqual(requests(), ['request JOB_STATE_DRAINED j2']);
  });

  it('can be cancelled while they drain', async () => {
    const state: JobState = 'JOB_STATE_DRAINING';
    dataflow.add(jobOf('j1', goneKey, { type: 'streaming', state }));
    assert.equal((await end('cancel'))[0]?.asked, 'cancel');
  });
});

describe('a job that cannot be read or ended', () => {
  let dataflow: FakeJobs;
  beforeEach(() => {
    dataflow = new FakeJobs();
    for (const id of ['j1', 'j2', 'j3']) dataflow.add(jobOf(id, goneKey));
  });
  const find = () => findOrphanJobs(dataflow, { fateOfRun }, scope, now);
  const end = async () => endJobs(dataflow, 'p', await find(), 'cancel');

  for (const error of [
    new DataflowRefused('the caller may not', 'PERMISSION_DENIED'),
    new DataflowUnavailable('503'),
  ]) {
    it(`keeps no other from being ended: ${error.name}`, async () => {
      dataflow.refusals.set('request JOB_STATE_CANCELLED j1', error);
      for (let time = 0; time < 2; time++) {
        const [first, ...others] = await end();
        assert.deepEqual(first, {
          job_id: 'j1',
          asked: null,
          reason: error.message,
          failed: true,
        });
        assert.deepEqual(
          others.map(({ job_id, failed }) => [job_id, failed]),
          [
            ['j2', undefined],
            ['j3', undefined],
          ],
        );
      }
      assert.equal(dataflow.jobs.get('j3')?.state, 'JOB_STATE_CANCELLING');
    });
  }

  it('has ended well if it ended a moment ago', async () => {
    const found = await find();
    dataflow.add(jobOf('j1', goneKey, { state: 'JOB_STATE_DONE' }));
    dataflow.jobs.delete('j2');
    const refused = new DataflowRefused('it is terminal', 'FAILED_PRECONDITION');
    dataflow.refusals.set('request JOB_STATE_CANCELLED j1', refused);
    assert.deepEqual(await endJobs(dataflow, 'p', found, 'cancel'), [
      { job_id: 'j1', asked: null, reason: 'it has ended meanwhile' },
      { job_id: 'j2', asked: null, reason: 'it has ended meanwhile' },
      { job_id: 'j3', asked: 'cancel' },
    ]);
  });

  it('is no excuse for a defect of ours, which is thrown', async () => {
    dataflow.refusals.set('request JOB_STATE_CANCELLED j1', new TypeError('a defect'));
    await assert.rejects(end(), /a defect/);
  });

  it('is named, with the reason, and hides no other', async () => {
    /** A job that is listed, in a state that only a later version knows. */
    const addUnknown = (id: string, runKey: string, change: Partial<JobView> = {}): void => {
      const { jobName, labels } = jobOf(id, runKey, change);
      dataflow.unknownStates.push(new UnknownJobState(id, '99', jobName));
      dataflow.refusals.set(`get ${id}`, new UnknownJobState(id, '99', jobName, labels));
    };
    addUnknown('j1', goneKey);
    dataflow.jobs.delete('j1');
    addUnknown('j4', openKey);
    addUnknown('j5', goneKey, { labels: {} });
    addUnknown('j6', goneKey, { jobName: 'somebody-else' });
    dataflow.refusals.set('get j2', new DataflowRefused('may not', 'PERMISSION_DENIED'));
    const { jobs, unread } = await find();
    assert.deepEqual(
      jobs.map(({ job_id }) => job_id),
      ['j3'],
    );
    assert.deepEqual(
      unread.map(({ job_id, job_name, reason }) => [job_id, job_name, reason.slice(0, 27)]),
      [
        ['j2', `orders-j2-${goneKey}-1`, 'may not'],
        ['j1', `orders-j1-${goneKey}-1`, 'job j1 is in the state 99, '],
      ],
    );
    assert.deepEqual(
      (await end()).map(({ job_id, asked, failed }) => [job_id, asked, failed]),
      [
        ['j3', 'cancel', undefined],
        ['j2', null, true],
        ['j1', null, true],
      ],
    );
  });

  it('is no orphan if it is gone', async () => {
    dataflow.refusals.set('get j1', new JobNotFound('gone'));
    const { jobs, unread } = await find();
    assert.deepEqual([jobs.length, unread], [2, []]);
  });
});

describe('staging that was left behind', () => {
  const store = 'gs://b/beamline';
  const at = (runKey: string, name: string): string => `${store}/staging/${runKey}/1/${name}`;

  it('is found by the runs that have ended, and removed twice without harm', async () => {
    const objects = createFakeObjects(
      new Map([
        [at(goneKey, 'lake/part-1.parquet'), '12345'],
        [at(goneKey, 'manifest.json'), '12'],
        [at(openKey, 'manifest.json'), '12'],
        [at(foreignKey, 'manifest.json'), '12'],
        [`${store}/staging/README`, ''],
        [`${store}/runs/${goneKey}/receipt.json`, '{}'],
      ]),
    );
    const found = await findObjectStaging(objects, store, { fateOf }, new Set(), now);
    assert.deepEqual(found, [
      {
        run_key: goneKey,
        what: 'staging',
        place: `${store}/staging/${goneKey}`,
        bytes: 7,
        run: 'closed',
      },
      {
        run_key: foreignKey,
        what: 'staging',
        place: `${store}/staging/${foreignKey}`,
        bytes: 2,
        run: 'unknown',
      },
    ]);
    for (let time = 0; time < 2; time++) {
      await removeStaging(found, async () => objects);
      assert.deepEqual(
        [...objects.objects.keys()],
        [
          at(openKey, 'manifest.json'),
          at(foreignKey, 'manifest.json'),
          `${store}/staging/README`,
          `${store}/runs/${goneKey}/receipt.json`,
        ],
      );
    }
  });

  it('is a profile, too, which may hold a password; receipts are kept', async () => {
    const profilesOf = (runKey: string): string => `${store}/runs/${runKey}/profiles.json`;
    const kept = [
      `${store}/runs/${goneKey}/receipt.json`,
      `${store}/runs/${goneKey}/old/profiles.json`,
      `${store}/runs/profiles.json`,
      profilesOf(openKey),
      profilesOf(foreignKey),
    ];
    const all = [...kept, profilesOf(goneKey)].map((uri): [string, string] => [uri, 'planted']);
    const objects = createFakeObjects(new Map(all));
    const found = await findObjectStaging(objects, store, { fateOf }, new Set(), now);
    assert.deepEqual(
      found.map(({ what, place, run }) => [what, place, run]),
      [
        ['profiles', profilesOf(goneKey), 'closed'],
        ['profiles', profilesOf(foreignKey), 'unknown'],
      ],
    );
    for (let time = 0; time < 2; time++) {
      assert.equal((await removeStaging(found, async () => objects)).length, 1);
      assert.deepEqual([...objects.objects.keys()], kept);
    }
    objects.objects.set(profilesOf(goneKey), 'planted');
    const busy = new Set([goneKey]);
    const whileBusy = await findObjectStaging(objects, store, { fateOf }, busy, now);
    const soon = Date.parse('2026-11-25T03:30:00Z');
    const whileYoung = await findObjectStaging(objects, store, { fateOf }, new Set(), soon);
    assert.deepEqual([whileBusy.map(({ run_key }) => run_key), whileYoung], [[foreignKey], []]);
  });

  it('is none while a job still writes it, or while it is young', async () => {
    const objects = createFakeObjects(new Map([[at(goneKey, 'manifest.json'), '12']]));
    const busy = new Set([goneKey]);
    assert.deepEqual(await findObjectStaging(objects, store, { fateOf }, busy, now), []);
    const soon = Date.parse('2026-11-25T03:30:00Z');
    assert.deepEqual(await findObjectStaging(objects, store, { fateOf }, new Set(), soon), []);
  });

  it('is found in a local store, too', async () => {
    const root = await mkdtemp(join(tmpdir(), 'beamline-orphans-'));
    try {
      for (const key of [goneKey, openKey, foreignKey]) {
        const folder = join(root, 'staging', key);
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, 'manifest.json'), '{}');
        await utimes(folder, new Date(now - 7_200_000), new Date(now - 7_200_000));
      }
      const found = await findLocalStaging({ root }, { fateOf }, now);
      assert.deepEqual(
        found.map(({ run_key, run }) => `${run_key} ${run}`).toSorted((a, b) => a.localeCompare(b)),
        [`${goneKey} closed`, `${foreignKey} unknown`],
      );
      for (let time = 0; time < 2; time++)
        await removeStaging(found, () => failing('no object store is needed'));
      assert.deepEqual((await readdir(join(root, 'staging'))).toSorted(), [openKey, foreignKey]);
    } finally {
      await rm(root, { recursive: true });
    }
  });

  it('is nothing where there is no store yet', async () => {
    assert.deepEqual(await findLocalStaging({ root: '/nowhere' }, { fateOf }, now), []);
  });
});

describe('locks that were left behind', () => {
  it('are those whose holder is gone, and are given back to nobody else', async () => {
    const gone = { workflowId: 'w', runKey: goneKey };
    const released: unknown[] = [];
    const runs: Pick<Runs, 'heldLocks' | 'fateOfRun' | 'release' | 'absentHostOf'> = {
      fateOfRun,
      absentHostOf: async () => null,
      async *heldLocks() {
        yield { lockId: 'beamline.lock.a', holder: gone, waiting: 0 };
        yield { lockId: 'beamline.lock.b', holder: { ...gone, runKey: openKey }, waiting: 2 };
      },
      async release(lockId, holder) {
        released.push([lockId, holder]);
      },
    };
    const { locks, stalled } = await findOrphanLocks(runs);
    assert.deepEqual(stalled, []);
    assert.deepEqual(locks, [{ lock_id: 'beamline.lock.a', holder: gone, waiting: 0 }]);
    await releaseLocks(runs, locks);
    assert.deepEqual(released, [['beamline.lock.a', gone]]);
  });
});

describe('runs that wait for a host which is not there', () => {
  it('are told with what they hold, each once', async () => {
    const holder = { workflowId: 'w', runKey: openKey };
    const absent = { host: 'alpha', store: 'k3' };
    const runs: Pick<Runs, 'heldLocks' | 'fateOfRun' | 'absentHostOf'> = {
      fateOfRun: async () => 'open',
      absentHostOf: async ({ workflowId }) => (workflowId === 'w' ? absent : null),
      async *heldLocks() {
        yield { lockId: 'beamline.lock.a', holder, waiting: 1 };
        yield {
          lockId: 'beamline.lock.b',
          holder: { workflowId: 'x', runKey: 'dddddddddd' },
          waiting: 0,
        };
        yield { lockId: 'beamline.lock.c', holder, waiting: 2 };
      },
    };
    const { locks, stalled } = await findOrphanLocks(runs);
    assert.deepEqual(locks, []);
    const run = { run_key: openKey, workflow_id: 'w', ...absent };
    assert.deepEqual(stalled, [
      { ...run, locks: ['beamline.lock.a', 'beamline.lock.c'], waiting: 3 },
    ]);
  });
});

/** Of temporal.api.enums.v1.WorkflowExecutionStatus. */
const statusNumbers: Record<string, number> = {
  RUNNING: 1,
  COMPLETED: 2,
  TERMINATED: 5,
  CONTINUED_AS_NEW: 6,
};

describe('how a run stands, by the list of workflows', () => {
  const cases: [string[], RunFate][] = [
    [[], 'unknown'],
    [['COMPLETED'], 'closed'],
    [['RUNNING', 'CONTINUED_AS_NEW'], 'open'],
    [['TERMINATED', 'CONTINUED_AS_NEW'], 'closed'],
    // The next execution is not listed yet.
    [['CONTINUED_AS_NEW'], 'unknown'],
  ];
  for (const [listed, fate] of cases) {
    it(`${listed.join(' and ') || 'nothing'}: ${fate}`, async () => {
      const executions = listed.map((name) => ({ status: statusNumbers[name] }));
      const workflowService = { listWorkflowExecutions: async () => ({ executions }) };
      const client = { options: { namespace: 'default' }, workflowService } as unknown as Client;
      assert.equal(await createRuns(client).fateOf(goneKey), fate);
    });
  }
});
