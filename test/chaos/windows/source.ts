import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Database } from '../../support/stack.js';
import { createRandom } from '../random.js';

/** A table that changes all the time: rows come, and rows are changed. */
export interface Source {
  begin(): void;
  /** Stops changing, and says what is there: the version of each row, by its id. */
  finish(): Promise<Map<string, string>>;
  end(): Promise<void>;
}

const changeEveryMs = 150;

/** @param seed of what changes, not of when */
export async function createSource(database: Database, seed: number): Promise<Source> {
  const client = new Client(database.url);
  await client.connect();
  await client.query(
    `CREATE TABLE events (
       id bigint PRIMARY KEY, version integer NOT NULL DEFAULT 1,
       updated_at timestamptz NOT NULL DEFAULT clock_timestamp());
     INSERT INTO events (id) SELECT * FROM generate_series(1, 1000)`,
  );
  const random = createRandom(seed);
  const stopping = new AbortController();
  let changing = Promise.resolve();

  /** One connection changes it, so ids and times are seen in their order. */
  async function change(): Promise<void> {
    while (!stopping.signal.aborted) {
      await client.query(
        'INSERT INTO events (id) SELECT max + n FROM (SELECT max(id) FROM events) e, generate_series(1, $1::int) n',
        [random.between(1, 5)],
      );
      await client.query(
        `UPDATE events SET version = version + 1, updated_at = clock_timestamp()
         WHERE id % 97 = $1::int OR id = (SELECT max(id) FROM events) - $1::int`,
        [random.below(97)],
      );
      await sleep(changeEveryMs);
    }
  }

  return {
    begin() {
      changing = change();
    },
    async finish() {
      stopping.abort();
      await changing;
      const { rows } = await client.query<{ id: string; version: number }>(
        'SELECT id, version FROM events ORDER BY id',
      );
      return new Map(rows.map(({ id, version }) => [id, String(version)]));
    },
    async end() {
      stopping.abort();
      await changing.catch(() => undefined);
      await client.end();
    },
  };
}
