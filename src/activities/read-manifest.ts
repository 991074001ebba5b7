import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../shared/failures.js';
import { manifest, type Manifest } from '../shared/manifest.js';
import { isGsUri } from '../store/gs-uri.js';
import { readRegularText } from '../store/read-regular.js';
import type { Staged } from '../workflows/activities.js';
import type { ActivityDeps } from './deps.js';

/** Of some 100,000 staged files. */
const mostManifestBytes = 100_000_000;

/** Reads the manifest that the workflow's history names, and checks that it is that very one. */
export async function readManifest(
  deps: Pick<ActivityDeps, 'objects'>,
  staged: Staged,
): Promise<{ manifest: Manifest; sha256: string }> {
  const text = await readText(deps, staged.manifestUri).catch((error: unknown) => {
    if (error instanceof ApplicationFailure) throw error;
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

async function readText({ objects }: Pick<ActivityDeps, 'objects'>, uri: string): Promise<string> {
  if (!isGsUri(uri)) return readRegularText(uri, mostManifestBytes);
  return (await (await objects()).read(uri)).toString('utf8');
}
