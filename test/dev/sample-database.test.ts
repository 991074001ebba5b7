import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { z } from 'zod';
import { startEmulator } from '../../src/emulator/emulator.js';
import { startSampleDatabase } from '../../src/dev/demo/sample-database.js';

const profiles = z.object({
  flights_db: z.object({
    host: z.string(),
    port: z.number(),
    database: z.string(),
    user: z.string(),
    password: z.string(),
  }),
});

describe("the demo's database", function () {
  this.timeout(60_000);
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'beamline-demo-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** Starts it, hands over a connection made from the profile, and stops it. */
  async function use(
    check: (client: Client, started: { loaded: boolean; rows: number }) => Promise<void>,
  ) {
    const started = await startSampleDatabase(root, new AbortController().signal);
    try {
      const { flights_db: profile } = profiles.parse(
        JSON.parse(readFileSync(started.profiles, 'utf8')),
      );
      const file = /^\$\{file:(.*)\}$/.exec(profile.password)?.[1] ?? '';
      const password = readFileSync(file, 'utf8');
      const client = new Client({ ...profile, password });
      await client.connect();
      try {
        await check(client, started);
      } finally {
        await client.end();
      }
    } finally {
      await started.service.stop();
    }
  }

  it('is left alone by a second demo in the same folder', async () => {
    await use(async (client) => {
      const second = startSampleDatabase(root, new AbortController().signal);
      await assert.rejects(second, /a demo runs in this folder already \(process \d+\)/);
      assert.equal((await client.query('select 1')).rowCount, 1);
    });
  });

  it('holds all flights with their types, and keeps them for the next start', async () => {
    await use(async (client, { loaded }) => {
      assert.equal(loaded, true);
      const { rows } = await client.query(
        `select count(*)::int as flights, count(dep_delay)::int as departed,
                max(time_hour)::text as last, pg_typeof(max(time_hour))::text as type from flights`,
      );
      assert.deepEqual(rows, [
        {
          flights: 336_776,
          departed: 328_521,
          last: '2014-01-01 04:00:00+00',
          type: 'timestamp with time zone',
        },
      ]);
    });
    await use(async (client, { loaded, rows: all }) => {
      assert.equal(loaded, false);
      assert.equal(all, 367_687);
      const { rows } = await client.query('select count(*)::int as airlines from airlines');
      assert.deepEqual(rows, [{ airlines: 16 }]);
    });
  });

  it('names its password as a secret where the stack can keep one', async () => {
    const folder = join(root, 'dataflow');
    const emulator = await startEmulator({ folder });
    try {
      const signal = new AbortController().signal;
      const started = await startSampleDatabase(root, signal, emulator.http);
      await started.service.stop();
      const { flights_db: profile } = profiles.parse(
        JSON.parse(readFileSync(started.profiles, 'utf8')),
      );
      const name = /^\$\{secret:(projects\/beamline-dev\/.*)\}$/.exec(profile.password)?.[1];
      const response = await fetch(`${emulator.http}/v1/${name}:access`);
      const { payload } = (await response.json()) as { payload: { data: string } };
      assert.equal(
        Buffer.from(payload.data, 'base64').toString(),
        readFileSync(join(root, '.beamline', 'demo', 'postgres.password'), 'utf8'),
      );
    } finally {
      await emulator.close();
    }
  });

  it('keeps its password in one file that only the user can read', async () => {
    const started = await startSampleDatabase(root, new AbortController().signal);
    await started.service.stop();
    const folder = join(root, '.beamline');
    const secret = readFileSync(join(folder, 'demo', 'postgres.password'), 'utf8');
    const holders = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.startsWith(join('demo', 'postgres/')))
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile() && readFileSync(path, 'utf8').includes(secret));
    assert.deepEqual(holders, [join(folder, 'demo', 'postgres.password')]);
    assert.equal(statSync(holders[0] ?? '').mode & 0o077, 0);
  });
});
