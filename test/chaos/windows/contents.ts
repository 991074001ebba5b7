import { existsSync } from 'node:fs';
import { duckdbRows } from '../../support/pipeline.js';
import { queryRows, type BigQueryEmulator } from '../../support/bigquery.js';
import type { Violation } from '../invariants.js';
import type { World } from '../world.js';
import { databaseOf, dataset, pipelines, project, type Pipeline, type Sink } from './pipelines.js';

/** What a destination has: id and version of every row. */
type Content = [id: string, version: string][];

/** What is wrong with the destinations, beside what the source has: the version of each row, by its id. */
export async function wrongContents(
  { roots }: World,
  request: BigQueryEmulator['request'],
  source: ReadonlyMap<string, string>,
): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const { sink, root, writers } of destinations(roots)) {
    // Whatever keeps a table from being read is a row lost: the last runs have published to each.
    const content = await (
      sink.module === 'duckdb' ? inDuckdb(root, sink) : inBigQuery(request, sink)
    ).catch((): Content => []);
    const wanted = [...source].filter(([id]) => writers.some((writer) => reads(writer, id)));
    for (const what of wrong(content, new Map(wanted), writers)) {
      violations.push({ what: `${sink.module} ${sink.table}: ${what}` });
    }
  }
  return violations;
}

/** Each destination once, with those who write to it. */
function destinations(
  roots: readonly string[],
): { sink: Sink; root: string; writers: Pipeline[] }[] {
  const sinks = pipelines.flatMap((pipeline) => pipeline.sinks.map((sink) => ({ sink, pipeline })));
  return sinks
    .filter(({ sink }, index) => sinks.findIndex((other) => isSame(other.sink, sink)) === index)
    .map(({ sink, pipeline }) => ({
      sink,
      root: roots[pipeline.hosts[0] ?? 0] ?? '',
      writers: sinks.filter((other) => isSame(other.sink, sink)).map((other) => other.pipeline),
    }));
}

function isSame(a: Sink, b: Sink): boolean {
  return a.module === b.module && a.table === b.table;
}

function reads({ reads: share }: Pipeline, id: string): boolean {
  return share === 'all' || (Number(id) % 2 === 0) === (share === 'even');
}

/** A row that is not there was lost, one that is there twice doubled; a merge has its last version. */
function wrong(
  content: Content,
  wanted: ReadonlyMap<string, string>,
  writers: readonly Pipeline[],
): string[] {
  const found = new Map(content);
  const follows = writers.every(({ cursor }) => cursor === 'updated_at');
  const mayLack = writers.some(({ timeout }) => timeout !== undefined);
  const lists: Record<string, string[]> = {
    'rows that the source has not': [...found.keys()].filter((id) => !wanted.has(id)),
    'rows that are there twice': content
      .map(([id]) => id)
      .filter((id, index, ids) => ids.indexOf(id) !== index),
    'rows that were lost': mayLack ? [] : [...wanted.keys()].filter((id) => !found.has(id)),
    'rows of an old version': follows
      ? [...wanted]
          .filter(([id, version]) => found.has(id) && found.get(id) !== version)
          .map(([id]) => id)
      : [],
  };
  return Object.entries(lists)
    .filter(([, ids]) => ids.length > 0)
    .map(([what, ids]) => `${ids.length} ${what}, such as ${ids.slice(0, 10).join(', ')}`);
}

async function inDuckdb(root: string, { table }: Sink): Promise<Content> {
  if (!existsSync(databaseOf(root))) return [];
  const sql = `SELECT id::VARCHAR AS id, version::VARCHAR AS version FROM ${table}`;
  const rows = await duckdbRows(databaseOf(root), sql);
  return rows.map(({ id, version }) => [String(id), String(version)]);
}

async function inBigQuery(request: BigQueryEmulator['request'], { table }: Sink): Promise<Content> {
  const sql = `SELECT id, version FROM \`${project}.${dataset}.${table}\``;
  const rows = await queryRows(request, project, sql);
  return rows.map(([id, version]) => [id ?? '', version ?? '']);
}
