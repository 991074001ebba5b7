import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../../shared/failures.js';
import { manifest, type Manifest } from '../../shared/run/manifest.js';
import { readable } from '../../store/format-version.js';
import { isGsUri } from '../../store/gs-uri.js';
import { withLocalFile } from '../../store/parquet-footer.js';
import type { Staged } from '../../workflows/contract/activities.js';
import type { ActivityDeps } from '../attempt/deps.js';
import { number } from '../../shared/counts.js';

/** Of about 400,000 files. A longer one is refused: it is read into memory. */
const mostBytes = 67_108_864;

/** Reads the manifest that the workflow's history names, and checks that it is that very one. */
export async function readManifest(
  deps: Pick<ActivityDeps, 'objects'>,
  staged: Staged,
): Promise<{ manifest: Manifest; sha256: string }> {
  const text = await readBytes(deps, staged.manifestUri).catch((error: unknown) => {
    if (error instanceof ApplicationFailure) throw error;
    throw failure('StagingDamaged', `the manifest ${staged.manifestUri} cannot be read`, {
      cause: String(error),
    });
  });
  if (text.length > mostBytes) {
    throw failure(
      'StagingDamaged',
      `the manifest ${staged.manifestUri} has more than ${number(mostBytes)} bytes: stage fewer, larger files`,
    );
  }
  const sha256 = createHash('sha256').update(text).digest('hex');
  if (sha256 !== staged.manifestSha256) {
    throw failure(
      'StagingDamaged',
      `the manifest ${staged.manifestUri} was changed after it was written: ` +
        `sha256 ${sha256}, recorded ${staged.manifestSha256}`,
    );
  }
  const document: unknown = readable(
    `the manifest ${staged.manifestUri}`,
    JSON.parse(text.toString('utf8')),
  );
  return { manifest: manifest.parse(document), sha256 };
}

/** The sha256 tells whether it is whole. */
async function readBytes({ objects }: Pick<ActivityDeps, 'objects'>, uri: string): Promise<Buffer> {
  if (isGsUri(uri)) return (await objects()).readRange(uri, 0, mostBytes + 1);
  return withLocalFile(uri, (file) => file.slice(0, Math.min(file.size, mostBytes + 1)));
}
