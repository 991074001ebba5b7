import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQuery } from '@google-cloud/bigquery';
import { OAuth2Client } from 'google-auth-library';
import { type BigQueryEmulator, startBigQuery } from '../support/bigquery.js';

describe('the BigQuery emulator, through @google-cloud/bigquery', () => {
  const folder = mkdtempSync(join(tmpdir(), 'beamline-bigquery-'));
  let emulator: BigQueryEmulator;
  let bigquery: BigQuery;
  let dataset: string;

  before(async () => {
    emulator = await startBigQuery(join(folder, 'state'));
    // The client cannot upload without credentials: it sets a header on what is not there.
    const authClient = new OAuth2Client();
    authClient.setCredentials({ access_token: 'any', expiry_date: Date.now() + 3_600_000 });
    bigquery = new BigQuery({ projectId: 'project-1', apiEndpoint: emulator.endpoint, authClient });
  });
  beforeEach(async () => {
    dataset = `d${randomUUID().replaceAll('-', '')}`;
    await bigquery.createDataset(dataset);
  });
  after(async () => {
    await emulator.stop();
    rmSync(folder, { recursive: true });
  });

  /** Loads lines of JSON from a file, as an upload. */
  async function load(rows: object[], options: object = {}): Promise<string> {
    const file = join(folder, `${randomUUID()}.json`);
    writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
    const [job] = await bigquery
      .dataset(dataset)
      .table('t')
      .load(file, {
        sourceFormat: 'NEWLINE_DELIMITED_JSON',
        schema: { fields: [{ name: 'id', type: 'INT64' }] },
        ...options,
      });
    assert.equal(job.status?.errorResult, undefined);
    return job.jobReference?.jobId ?? '';
  }

  it('gives every type as the client knows it', async () => {
    const [[row]] = await bigquery.query({
      query: `SELECT 5 AS i, 1.5 AS f, TRUE AS b, 'é' AS s, b'ab' AS bytes, DATE '2024-01-02' AS d,
        TIMESTAMP '2024-01-02 03:04:05.000006+00' AS ts, DATETIME '2024-01-02 03:04:05' AS dt,
        NUMERIC '1.10' AS n, [1, 2] AS a, STRUCT('x' AS y) AS r, @p AS p`,
      params: { p: "it's" },
    });
    assert.deepEqual(
      { ...row, n: String(row.n), bytes: row.bytes.toString() },
      {
        i: 5,
        f: 1.5,
        b: true,
        s: 'é',
        bytes: 'ab',
        d: bigquery.date('2024-01-02'),
        ts: row.ts,
        dt: bigquery.datetime('2024-01-02T03:04:05'),
        n: '1.1',
        a: [1, 2],
        r: { y: 'x' },
        p: "it's",
      },
    );
    assert.equal(row.ts.value, '2024-01-02T03:04:05.000006000Z');
  });

  it('loads an upload under the id that the caller chose, once', async () => {
    const jobId = randomUUID();
    assert.equal(await load([{ id: 1 }], { jobId }), jobId);
    await assert.rejects(load([{ id: 2 }], { jobId }), { code: 409 });
    const [rows] = await bigquery.dataset(dataset).table('t').getRows();
    assert.deepEqual(rows, [{ id: 1 }]);
  });

  it('keeps the labels of a job', async () => {
    const query = { query: 'SELECT 1', useLegacySql: false };
    const [job] = await bigquery.createJob({ configuration: { query, labels: { run: 'q4k' } } });
    const [{ configuration }] = await job.getMetadata();
    assert.deepEqual(configuration.labels, { run: 'q4k' });
  });

  it('keeps the id and the reason of a job that failed', async () => {
    const jobId = randomUUID();
    const query = `SELECT * FROM ${dataset}.missing`;
    // Of a job that has failed when it is created, the client says the errors without a code.
    const errors = [
      {
        reason: 'notFound',
        message: `Not found: Table project-1:${dataset}.missing was not found in location US`,
      },
    ];
    await assert.rejects(bigquery.createQueryJob({ query, jobId }), { errors });
    await assert.rejects(bigquery.job(jobId).getQueryResults(), { code: 404 });
    await assert.rejects(bigquery.createQueryJob({ query: 'SELECT 1', jobId }), { code: 409 });
    const [{ metadata }] = await bigquery.job(jobId).get();
    assert.equal(metadata.status.errorResult.reason, 'notFound');
  });

  it('counts what a MERGE does, and the rows of a table', async () => {
    await load([{ id: 1 }, { id: 2 }]);
    const [job] = await bigquery.createQueryJob(`MERGE ${dataset}.t T
      USING (SELECT 2 AS id UNION ALL SELECT 3) S ON T.id = S.id
      WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT ROW`);
    await job.getQueryResults();
    const [metadata] = await job.getMetadata();
    assert.deepEqual(metadata.statistics.query.dmlStats, {
      insertedRowCount: '1',
      updatedRowCount: '0',
      deletedRowCount: '1',
    });
    const [table] = await bigquery.dataset(dataset).table('t').getMetadata();
    assert.equal(table.numRows, '2');
  });

  it('changes a table only as long as it is as it was read', async () => {
    await load([{ id: 1 }]);
    const table = bigquery.dataset(dataset).table('t');
    const [{ etag }] = await table.getMetadata();
    await table.setMetadata({ description: 'first' });
    const headers = { 'If-Match': etag };
    const body = JSON.stringify({ description: 'second' });
    const url = `${emulator.endpoint}/bigquery/v2/projects/project-1/datasets/${dataset}/tables/t`;
    const answer = await fetch(url, { method: 'PATCH', headers, body });
    assert.equal(answer.status, 412);
    assert.equal((await table.getMetadata())[0].description, 'first');
  });

  it('is found by BIGQUERY_EMULATOR_HOST alone', async () => {
    process.env['BIGQUERY_EMULATOR_HOST'] = emulator.endpoint;
    try {
      const found = new BigQuery({ projectId: 'project-1' });
      await load([{ id: 7 }]);
      const [rows] = await found.query(`SELECT id FROM ${dataset}.t`);
      assert.deepEqual(rows, [{ id: 7 }]);
    } finally {
      delete process.env['BIGQUERY_EMULATOR_HOST'];
    }
  });

  it('reads long results in pages', async () => {
    const query = 'SELECT n FROM UNNEST(GENERATE_ARRAY(1, 25000)) AS n ORDER BY n';
    const [rows] = await bigquery.query({ query, maxResults: 10_000 });
    assert.equal(rows.length, 25_000);
    assert.deepEqual(rows.at(-1), { n: 25_000 });
  });
});
