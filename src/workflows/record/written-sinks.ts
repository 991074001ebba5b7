import type { Receipt, ReceiptWrite } from '../../shared/run/receipt.js';
import type { Audit, PreparedRun } from '../contract/activities.js';

/** What a run knows of itself. */
interface Known {
  prepared: PreparedRun | null;
  audit: Audit | null;
  /** Its steps were begun in Beam. */
  hasBegun: boolean;
}

/** What the sinks in the job wrote, as far as a run knows: only an audit has counted it. */
export function writtenOf({ prepared, audit, hasBegun }: Known): Pick<Receipt, 'written'> {
  if (prepared?.jobSinks === undefined) return {};
  const written = prepared.jobSinks.map(({ name, module, idempotence }): ReceiptWrite => {
    const counted = audit?.written?.[name];
    if (counted !== undefined) return { name, module, state: 'written', ...counted };
    const state = hasBegun ? 'uncertain' : 'unwritten';
    return { name, module, state, rows: 0, bytes: 0, idempotence };
  });
  return { written };
}
