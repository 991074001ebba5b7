import type { Receipt, ReceiptSink } from '../../shared/run/receipt.js';
import type { RunReference } from '../../workflows/contract/activities.js';
import type { ActivityDeps } from '../attempt/deps.js';
import { loadDestination } from '../../destinations/registry.js';
import { sinkNamed } from '../plan/sink-named.js';
import { standingOf } from './publish.js';
import { readPlan } from '../plan/read-plan.js';
import { wasReset } from '../attempt/was-reset.js';

type Deps = Pick<ActivityDeps, 'root' | 'store' | 'objects' | 'client'>;

/**
 * The sinks of a receipt, with what an earlier execution of the run committed: one that was reset knows
 * nothing of it, where it ended before it published again. Null if the run was not reset, or succeeded.
 */
export async function withOwnCommits(
  deps: Deps,
  run: RunReference,
  { outcome, sinks }: Pick<Receipt, 'outcome' | 'sinks'>,
): Promise<ReceiptSink[] | null> {
  if (outcome === 'succeeded' || !(await wasReset(deps.client))) return null;
  const found: ReceiptSink[] = [];
  // One after the other: two may be in one file.
  for (const sink of sinks) {
    found.push(sink.state === 'published' ? sink : await asCommitted(deps, run, sink));
  }
  return found;
}

async function asCommitted(deps: Deps, run: RunReference, sink: ReceiptSink): Promise<ReceiptSink> {
  try {
    const planned = sinkNamed(await readPlan(deps, run), sink.name);
    // On another host a path names another disk's file.
    const { address } = await loadDestination(planned.module);
    if (address === null && run.storeId !== deps.store.id) return { ...sink, state: 'uncertain' };
    const { own } = await standingOf(deps, run, planned, 'beside others');
    if (own === null) return sink;
    const { version, rows, bytes } = own;
    return { ...sink, state: 'published', version, rows, bytes };
  } catch {
    // The receipt is kept all the same: it must not say that nothing happened there.
    return { ...sink, state: 'uncertain' };
  }
}
