import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { serviceFailure } from '../../../src/destinations/bigquery/table/service-failure.js';
import { bigQueryErrorOf } from '../../../src/gateways/bigquery-errors.js';
import type { BigQueryEmulator } from '../../support/bigquery.js';
import { temporaryRoot } from '../../support/stack.js';
import { startStorageProxy, type StorageProxy } from '../../support/storage.js';
import { done, failed, ids, inspectTask, publishTask, stage } from '../support.js';
import { newDataset, startForTests, type TestDataset } from './support.js';

describe('bigquery: trouble with the service', () => {
  let root: string;
  let remove: () => Promise<void>;
  let emulator: BigQueryEmulator;
  let proxy: StorageProxy;
  let stop: () => Promise<void>;
  let dataset: TestDataset;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    ({ emulator, stop } = await startForTests(root));
    proxy = await startStorageProxy(emulator);
    process.env['BIGQUERY_EMULATOR_HOST'] = proxy.endpoint;
  });
  after(async () => {
    await proxy.stop();
    await stop();
    await remove();
  });
  beforeEach(async () => {
    dataset = await newDataset(emulator, root);
    proxy.trouble = () => undefined;
  });

  it('a job whose acceptance was not heard of is ours all the same', async () => {
    let lost = 0;
    proxy.trouble = (request) =>
      request.startsWith('POST') && /\/jobs\b/.test(request) && lost++ % 2 === 0
        ? 'answer lost'
        : undefined;
    const task = publishTask(dataset.sink(), {
      run: 'run1',
      base: 0,
      staged: await stage(root, ids(1, 2)),
      mode: 'append',
    });
    for (let attempt = 0; attempt < 5; attempt++) {
      const commit = await done(task).catch((error: unknown) => {
        assert.match(String(error), /ConnectionLost/);
        return null;
      });
      if (commit) break;
    }
    assert.ok(lost > 1);
    assert.deepEqual(await dataset.ids(), ['1', '2']);
    assert.deepEqual(await dataset.commits(), [['orders', '1', 'commit', 'run1']]);
  });

  const answers: { status: number; message: string; type: string; says: RegExp }[] = [
    {
      status: 403,
      message:
        'Access Denied: Table p:d.t: Permission bigquery.tables.create denied on dataset p:d',
      type: 'PermissionDenied',
      says: /orders may not be written: the permission `bigquery\.tables\.create` is missing.*BigQuery Data Editor/,
    },
    {
      status: 401,
      message: 'Invalid Credentials',
      type: 'AuthenticationError',
      says: /gcloud auth/,
    },
    {
      status: 400,
      message: 'Syntax error: Unexpected end',
      type: 'InternalError',
      says: /Syntax error/,
    },
  ];
  for (const { status, message, type, says } of answers) {
    it(`${status} ${message} is ${type}`, async () => {
      proxy.trouble = (request) =>
        request.includes('/datasets/') ? { status, message } : undefined;
      const end = await failed(inspectTask(dataset.sink()));
      assert.equal(end.type, type);
      assert.match(end.message, says);
    });
  }
});

describe('bigquery: what a failure of the service means', () => {
  const cases: [error: Record<string, unknown>, type: string, retried: boolean][] = [
    [{ code: 429, message: 'Too many requests' }, 'ConnectionLost', true],
    [{ code: 503, message: 'Unavailable' }, 'ConnectionLost', true],
    [
      { code: 403, errors: [{ reason: 'quotaExceeded', message: 'Quota' }] },
      'ConnectionLost',
      true,
    ],
    [{ code: 'ECONNREFUSED', message: 'connect ECONNREFUSED 127.0.0.1:1' }, 'ConnectionLost', true],
    [
      { code: 400, message: 'Transaction is aborted due to concurrent update' },
      'ConnectionLost',
      true,
    ],
    [{ code: 404, message: 'Not found: Dataset p:d' }, 'ResourceError', false],
    [{ message: 'Could not load the default credentials.' }, 'AuthenticationError', false],
    [
      { code: 400, errors: [{ reason: 'invalidQuery', message: 'Bad int64 value: x' }] },
      'DataError',
      false,
    ],
  ];
  for (const [error, type, retried] of cases) {
    it(`${JSON.stringify(error)} is ${type}`, () => {
      const found = serviceFailure(bigQueryErrorOf(error), 'p.d.t', 'sink');
      assert.ok(found instanceof ApplicationFailure);
      assert.equal(found.type, type);
      assert.equal(found.nonRetryable, !retried);
    });
  }
});
