/** The tables that the configs read, as they were at the first runs. */
export async function fillDatabase(sql: (text: string) => Promise<unknown>): Promise<void> {
  await sql(`CREATE TABLE events (id bigint, note text);
    INSERT INTO events SELECT n, 'note ' || n FROM generate_series(1, 5) n;
    CREATE TABLE people (id bigint, name text, changed timestamptz);
    INSERT INTO people SELECT n, 'name ' || n, '2026-01-01'::timestamptz + n * interval '1 day'
      FROM generate_series(1, 3) n;
    CREATE TABLE slow AS SELECT n AS id FROM generate_series(1, 200) n;
    CREATE FUNCTION pause() RETURNS text VOLATILE LANGUAGE sql AS $$ SELECT 'at once'::text $$`);
}

/** From now on each row of `slow` takes half a second. */
export async function makeSlow(sql: (text: string) => Promise<unknown>): Promise<void> {
  await sql(`CREATE OR REPLACE FUNCTION pause() RETURNS text VOLATILE LANGUAGE sql
    AS $$ SELECT 'paused' || coalesce(pg_sleep(0.5)::text, '') $$`);
}

/** What is new to the second runs. */
export async function addRows(sql: (text: string) => Promise<unknown>): Promise<void> {
  await sql("INSERT INTO events SELECT n, 'note ' || n FROM generate_series(6, 8) n");
  await sql("UPDATE people SET name = 'changed', changed = now() WHERE id = 2");
  await sql("INSERT INTO people VALUES (4, 'new', now())");
}
