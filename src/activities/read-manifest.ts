import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { failure } from '../shared/failures.js';
import { manifest, type Manifest } from '../shared/manifest.js';
import type { Staged } from '../workflows/activities.js';

/** Reads the manifest that the workflow's history names, and checks that it is that very one. */
export async function readManifest(
  staged: Staged,
): Promise<{ manifest: Manifest; sha256: string }> {
  const text = await readFile(staged.manifestUri, 'utf8').catch((error: unknown) => {
    throw failure('AuditFailed', `the manifest ${staged.manifestUri} cannot be read`, {
      cause: String(error),
    });
  });
  const sha256 = createHash('sha256').update(text).digest('hex');
  if (sha256 !== staged.manifestSha256) {
    throw failure(
      'AuditFailed',
      `the manifest ${staged.manifestUri} was changed after it was written: ` +
        `sha256 ${sha256}, recorded ${staged.manifestSha256}`,
    );
  }
  return { manifest: manifest.parse(JSON.parse(text)), sha256 };
}
