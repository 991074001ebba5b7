import { failure } from '../shared/failures.js';

/** The format of plans, manifests and receipts that is written now. */
export const formatVersion = 1;

/**
 * What is wrong with a document that a newer Beamline wrote, in a format that this one does not know; null if
 * it did not.
 * @param what names it, such as `the plan 3f2a…`
 */
export function newerProblem(what: string, document: unknown): string | null {
  const version = (document as { version?: unknown } | null | undefined)?.version;
  if (typeof version !== 'number' || version <= formatVersion) return null;
  return (
    `${what} has format ${version}: a newer Beamline wrote it, and this one reads formats up to ` +
    `${formatVersion}. Update Beamline here, and on each of its workers`
  );
}

/**
 * Returns a document of a format that is known: what a newer one means is not guessed.
 * @throws `ConfigError`
 */
export function readable<T>(what: string, document: T): T {
  const problem = newerProblem(what, document);
  if (problem !== null) throw failure('ConfigError', problem);
  return document;
}
