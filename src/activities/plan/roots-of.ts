import { ConfigProblems } from '../../config/document/problems.js';
import { allowedRoots } from '../../config/settings/roots.js';
import { canonicalPath } from '../../destinations/canonical-path.js';

/**
 * Where the child of a run may read what its config names. A project whose settings are wrong runs on: what
 * is outside of it was refused before, or is refused by the child.
 */
export function rootsOf(root: string): string[] {
  try {
    return allowedRoots(root);
  } catch (error) {
    if (error instanceof ConfigProblems) return [canonicalPath(root)];
    throw error;
  }
}
