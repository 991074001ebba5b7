import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../../shared/failures.js';
import type { ManifestSink } from '../../shared/run/manifest.js';
import { bounded } from '../../store/bounded.js';
import { folderOf, isGsUri, pathBelow } from '../../store/gs-uri.js';
import { ObjectNotFound, type ObjectStore } from '../../store/object-store.js';
import { remoteFile, rowsInFooter, withLocalFile } from '../../store/parquet-footer.js';
import type { Staged } from '../../workflows/contract/activities.js';
import { cancellationOf } from '../attempt/cancellation.js';
import type { ActivityDeps } from '../attempt/deps.js';
import { counted, number } from '../../shared/counts.js';

/** Footers in flight at once. */
const footers = 16;

type StagedFile = ManifestSink['files'][number];

/**
 * Checks that each staged file's own footer says what the manifest says. Of what is in an object store
 * only the footers are read.
 */
export async function assertFooters(
  { objects }: Pick<ActivityDeps, 'objects'>,
  { manifestUri }: Staged,
  name: string,
  sink: ManifestSink,
): Promise<void> {
  const rowsIn = isGsUri(manifestUri)
    ? await remoteRows(await objects(), folderOf(manifestUri), sink)
    : ({ uri }: StagedFile) => withLocalFile(uri, rowsInFooter);
  await bounded(footers, sink.files, async (file) => {
    const { uri, rows } = file;
    if (Context.current().cancellationSignal.aborted) throw await cancellationOf();
    const found = await rowsIn(file).catch((error: unknown) => {
      if (error instanceof ApplicationFailure) throw error;
      throw unreadable(name, uri, error);
    });
    if (found === rows) return;
    throw failure(
      'StagingDamaged',
      `${name}: ${uri} holds ${counted(found, 'row')}, its manifest says ${number(rows)}`,
      {
        step: name,
      },
    );
  });
  const total = sink.files.reduce((sum, { rows }) => sum + rows, 0);
  if (total !== sink.rows) {
    throw failure(
      'StagingDamaged',
      `${name}: its files hold ${counted(total, 'row')}, not ${number(sink.rows)}`,
      {
        step: name,
      },
    );
  }
}

/** The path of a staged file below the folder of its attempt. */
export function stagedPath(attempt: string, uri: string): string {
  const path = pathBelow(attempt, uri);
  if (path !== null) return path;
  throw failure('StagingDamaged', `the manifest names ${uri}, which is not below ${attempt}`);
}

/** Where a file is as long as its manifest says, its footer is where the manifest's length says. */
async function remoteRows(
  objects: ObjectStore,
  attempt: string,
  { files }: ManifestSink,
): Promise<(file: StagedFile) => Promise<number>> {
  for (const { uri } of files) stagedPath(attempt, uri);
  const sizes = await sizesOf(objects, files);
  return async ({ uri, bytes }) => {
    const size = sizes.get(uri);
    if (size === undefined) throw gone(uri);
    if (size !== bytes) {
      throw failure(
        'StagingDamaged',
        `${uri} has ${counted(size, 'byte')}, its manifest says ${number(bytes)}`,
      );
    }
    return rowsInFooter(remoteFile(objects, uri, size)).catch((error: unknown) => {
      throw error instanceof ObjectNotFound ? gone(uri, error) : error;
    });
  };
}

/** Sizes by a list, which tells a thousand at once. */
async function sizesOf(
  objects: Pick<ObjectStore, 'list'>,
  files: ManifestSink['files'],
): Promise<Map<string, number>> {
  const named = new Set(files.map(({ uri }) => uri));
  const sizes = new Map<string, number>();
  for (const folder of new Set(files.map(({ uri }) => folderOf(uri)))) {
    for await (const { uri, size } of objects.list(`${folder}/`)) {
      if (named.has(uri)) sizes.set(uri, size);
    }
  }
  return sizes;
}

function gone(uri: string, cause?: Error): ApplicationFailure {
  const message = `the staged file ${uri} is not there any more`;
  return failure('StagingDamaged', message, cause === undefined ? {} : { cause: cause.message });
}

function unreadable(name: string, uri: string, error: unknown): ApplicationFailure {
  const why = error instanceof Error ? error.message : String(error);
  return failure('StagingDamaged', `${name}: the staged file ${uri} cannot be read: ${why}`, {
    step: name,
    cause: String(error),
  });
}
