import type { FindingKind } from './finding.js';
import type { JudgedFile } from './judge.js';

/** Pipelines by the worst that was found in them. */
export interface Totals {
  /** They run, and mean the same. */
  same: number;
  /** They run, and mean something else. */
  changed: number;
  /** They do not run, or cannot be read. */
  refused: number;
}

export function totalsOf(files: readonly JudgedFile[]): Totals {
  const pipelines = files.filter(({ kind }) => kind === 'pipeline' || kind === 'unreadable');
  const refused = pipelines.filter((file) => has(file, 'refused'));
  const changed = pipelines.filter((file) => !refused.includes(file) && has(file, 'changes'));
  return {
    same: pipelines.length - refused.length - changed.length,
    changed: changed.length,
    refused: refused.length,
  };
}

function has({ findings }: JudgedFile, kind: FindingKind): boolean {
  return findings.some((finding) => finding.kind === kind);
}
