import assert from 'node:assert/strict';
import { join } from 'node:path';
import { inMemory } from '../../destinations/support.js';
import type { Result } from './place.js';
import type { KitStack } from './stack.js';

/** What a run brought in which each step is real, and Beam runs. */
export async function resultOf(stack: KitStack, runner: string): Promise<Result> {
  const { run, folder } = await stack.realRun(runner);
  await run.program.end('runs Beam');
  const { receipt } = await run.ended();
  assert.equal(receipt.outcome, 'succeeded', JSON.stringify(receipt.failure));
  const files = `read_parquet('${join(folder, 'current', '*.parquet')}')`;
  const rows = await inMemory(`SELECT id::VARCHAR AS id, name FROM ${files} ORDER BY id`);
  const columns = await inMemory(`DESCRIBE SELECT * FROM ${files}`);
  return {
    rows,
    columns: Object.fromEntries(
      columns.map(({ column_name: name, column_type: type }) => [String(name), String(type)]),
    ),
    counts: {
      read: receipt.rows_read,
      staged: receipt.rows_staged,
      rejected: receipt.rows_rejected,
      published: receipt.sinks[0]?.rows ?? 0,
    },
  };
}
