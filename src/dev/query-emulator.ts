import { z } from 'zod';
import { devProject } from './environment/dev-environment.js';

interface Field {
  name: string;
  type: string;
  mode?: string | undefined;
  fields?: Field[] | undefined;
}

const field: z.ZodType<Field> = z.lazy(() =>
  z.object({
    name: z.string(),
    type: z.string(),
    mode: z.string().optional(),
    fields: z.array(field).optional(),
  }),
);
const row = z.object({ f: z.array(z.object({ v: z.unknown() })) });
const answered = z.object({
  jobComplete: z.boolean(),
  schema: z.object({ fields: z.array(field).optional() }).optional(),
  rows: z.array(row).optional(),
  totalRows: z.string().optional(),
  numDmlAffectedRows: z.string().optional(),
});
const refusal = z.object({ error: z.object({ message: z.string() }) });

export interface QueryAnswer {
  /** Names of the columns; none of a statement that selects nothing. */
  fields: string[];
  /** Values as texts, null, and lists and objects of them. */
  rows: unknown[][];
  total: number;
  /** Rows that a DML statement changed; null of others. */
  changed: number | null;
}

/** How long a statement may take, in milliseconds. */
const patience = 300_000;

/** Runs one statement or script on a BigQuery emulator; what it refuses is an answer, too. */
export async function queryEmulator(
  endpoint: string,
  {
    project = devProject,
    sql,
    mostRows,
  }: { project?: string | undefined; sql: string; mostRows: number },
): Promise<QueryAnswer | { refused: string }> {
  const response = await fetch(
    `${endpoint}/bigquery/v2/projects/${encodeURIComponent(project)}/queries`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: sql,
        useLegacySql: false,
        maxResults: mostRows,
        timeoutMs: patience,
        formatOptions: { timestampOutputFormat: 'ISO8601_STRING' },
      }),
      signal: AbortSignal.timeout(patience + 10_000),
    },
  );
  const document: unknown = await response.json();
  const refused = refusal.safeParse(document).data;
  if (refused !== undefined) return { refused: refused.error.message };
  const told = answered.parse(document);
  if (!told.jobComplete) return { refused: `it still runs after ${patience / 1000} s` };
  const fields = told.schema?.fields ?? [];
  return {
    fields: fields.map(({ name }) => name),
    rows: (told.rows ?? []).map(({ f }) => f.map(({ v }, at) => valueOf(v, fields[at]))),
    total: Number(told.totalRows ?? 0),
    changed: told.numDmlAffectedRows === undefined ? null : Number(told.numDmlAffectedRows),
  };
}

function valueOf(value: unknown, of: Field | undefined): unknown {
  if (of?.mode === 'REPEATED') {
    const items = z.array(z.object({ v: z.unknown() })).parse(value);
    return items.map(({ v }) => valueOf(v, { ...of, mode: undefined }));
  }
  if (value === null || of?.fields === undefined) return value;
  const inner = of.fields;
  return Object.fromEntries(
    row.parse(value).f.map(({ v }, at) => [inner[at]?.name ?? String(at), valueOf(v, inner[at])]),
  );
}
