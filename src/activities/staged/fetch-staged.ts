import { stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { Context } from '@temporalio/activity';
import { faultPoint } from '../../process/fault-point.js';
import { failure } from '../../shared/failures.js';
import type { ManifestSink } from '../../shared/run/manifest.js';
import { bounded } from '../../store/bounded.js';
import { folderOf, isGsUri } from '../../store/gs-uri.js';
import { storePaths } from '../../store/local-store.js';
import { ObjectNotFound, type ObjectStore } from '../../store/object-store.js';
import type { RunReference, Staged } from '../../workflows/contract/activities.js';
import { cancellationOf } from '../attempt/cancellation.js';
import type { ActivityDeps } from '../attempt/deps.js';
import { stagedPath } from './footers.js';
import { counted, number } from '../../shared/counts.js';

/** Downloads in flight at once. */
const downloads = 4;

/**
 * The staged files of a sink as paths of this machine: what a job staged in an object store is
 * fetched into the run's local staging folder, under the names of the manifest.
 *
 * Safe to run twice: a file appears under its name only when it is whole, and is not fetched again.
 */
export async function stagedHere(
  { store, objects }: Pick<ActivityDeps, 'store' | 'objects'>,
  run: RunReference,
  { manifestUri }: Staged,
  sink: ManifestSink,
): Promise<ManifestSink> {
  if (!isGsUri(manifestUri)) return sink;
  const attempt = folderOf(manifestUri);
  const folder = join(storePaths.staging(store, run.runKey), posix.basename(attempt));
  const files = await bounded(downloads, sink.files, async (file) => {
    const signal = Context.current().cancellationSignal;
    if (signal.aborted) throw await cancellationOf();
    const local = join(folder, stagedPath(attempt, file.uri));
    await fetchWhole(await objects(), file, local, signal);
    return { ...file, uri: local };
  });
  return { ...sink, files };
}

async function fetchWhole(
  objects: ObjectStore,
  { uri, bytes }: ManifestSink['files'][number],
  local: string,
  signal: AbortSignal,
): Promise<void> {
  if ((await sizeOf(local)) === bytes) return;
  await objects.download(uri, local, { signal }).catch(async (error: unknown) => {
    if (signal.aborted) throw await cancellationOf();
    if (!(error instanceof ObjectNotFound)) throw error;
    throw failure('StagingDamaged', `the staged file ${uri} is not there any more`, {
      cause: error.message,
    });
  });
  const size = await sizeOf(local);
  if (size !== bytes) {
    throw failure(
      'StagingDamaged',
      `${uri} has ${counted(size ?? 0, 'byte')}, its manifest says ${number(bytes)}`,
    );
  }
  await faultPoint('worker:fetched');
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
