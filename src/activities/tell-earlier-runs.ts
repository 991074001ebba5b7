import { readFile } from 'node:fs/promises';
import type { Receipt, ReceiptSink } from '../shared/run/receipt.js';
import { newerProblem } from '../store/format-version.js';
import { storePaths, type LocalStore } from '../store/local-store.js';
import { writeAtomically } from '../store/write-file.js';

/**
 * Says in the receipts of earlier runs what this one published of theirs: they left less, or nothing. The
 * receipt of a run of another host is there, and stays as it is.
 */
export async function tellEarlierRuns(
  store: LocalStore,
  { run_key, finished = [] }: Pick<Receipt, 'run_key' | 'finished'>,
): Promise<void> {
  for (const runKey of new Set(finished.map((one) => one.run_key))) {
    const file = storePaths.receipt(store, runKey);
    const earlier = await receiptIn(file);
    // What a newer version keeps of a run is not written anew in our way.
    if (earlier === null || newerProblem(file, earlier) !== null) continue;
    const mine = finished.filter((one) => one.run_key === runKey);
    await writeAtomically(file, `${JSON.stringify(afterwards(earlier, mine, run_key), null, 2)}\n`);
  }
}

/** Null if there is none, or none that can be read. */
async function receiptIn(file: string): Promise<Receipt | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Receipt;
  } catch {
    return null;
  }
}

type Finished = NonNullable<Receipt['finished']>;

function afterwards({ left, ...earlier }: Receipt, finished: Finished, by: string): Receipt {
  const isIn = (name: string) => finished.some(({ sink }) => sink === name);
  const sinks = earlier.sinks.map((sink): ReceiptSink => {
    const found = finished.find((one) => one.sink === sink.name);
    if (found === undefined) return sink;
    const { version, rows, bytes } = found;
    return { ...sink, state: 'published', version, rows, bytes, published_by: by };
  });
  const missing = left?.sinks.filter((name) => !isIn(name)) ?? [];
  return {
    ...earlier,
    sinks,
    ...(left === undefined || missing.length === 0 ? {} : { left: { ...left, sinks: missing } }),
  };
}
