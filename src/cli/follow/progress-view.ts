import type { Receipt, RunSnapshot } from '../../client/index.js';

/** Shows a run while it goes on. */
export interface ProgressView {
  show(snapshot: RunSnapshot): void;
  /** Says something that is no progress. */
  note(text: string): void;
  /** Ends the showing; a receipt gives the final numbers. */
  end(receipt?: Receipt): void;
}
