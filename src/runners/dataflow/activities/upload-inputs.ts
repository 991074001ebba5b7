import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import type { JobInput } from '../../../config/job/job-inputs.js';
import { rootsCheck } from '../../../config/settings/roots.js';
import { failure } from '../../../shared/failures.js';
import { bounded } from '../../../store/bounded.js';
import { hashesOf, type FileHashes } from '../../../store/file-hashes.js';
import { matchFiles } from '../../../store/match-files.js';
import { objectPaths, PreconditionFailed, type ObjectStore } from '../../../store/object-store.js';
import { cancellationOf } from '../../../activities/attempt/cancellation.js';

/** Uploads in flight at once. */
const uploads = 8;

interface InputFile extends FileHashes {
  /** Relative to the project root. */
  path: string;
}

/**
 * Uploads the files that a plan's sources read to a folder named by their paths and contents, so that
 * what is edited later does not touch the run, and equal inputs are uploaded once.
 * @returns the folder to which the plan's paths are relative; null if it reads no file
 */
export async function uploadInputs(
  objects: ObjectStore,
  { root, store, inputs }: { root: string; store: string; inputs: readonly JobInput[] },
): Promise<string | null> {
  if (inputs.length === 0) return null;
  const outsideOf = rootsCheck(root);
  const paths = new Set<string>();
  for (const { source, index, key, pattern } of inputs) {
    const found = await matchFiles(root, pattern);
    if (found.length === 0) {
      const message =
        `sources[${index}].parameters.${key}  no file matches \`${pattern}\`; ` +
        `a relative path begins at the project's folder (source \`${source}\`)`;
      throw failure('ResourceError', message, { step: source });
    }
    for (const path of found) {
      const outside = outsideOf(path);
      if (outside === undefined) paths.add(path);
      else
        throw failure('ConfigError', `sources[${index}].parameters.${key}  ${outside}`, {
          step: source,
        });
    }
  }
  const files = await bounded(uploads, [...paths].toSorted(), async (path): Promise<InputFile> => {
    return { path, ...(await hashesOf(join(root, path))) };
  });
  const folder = objectPaths.inputs(store, treeHash(files));
  await bounded(uploads, files, async (file) => {
    const signal = Context.current().cancellationSignal;
    if (signal.aborted) throw await cancellationOf();
    await uploadOnce(objects, join(root, file.path), `${folder}/${file.path}`, file, signal);
  });
  return folder;
}

/** Names a set of files: sha256 over the path and the sha256 of each, in order. */
function treeHash(files: readonly InputFile[]): string {
  const hash = createHash('sha256');
  for (const { path, sha256 } of files) hash.update(`${sha256}  ${path}\n`);
  return hash.digest('hex');
}

async function uploadOnce(
  objects: ObjectStore,
  local: string,
  uri: string,
  { md5 }: FileHashes,
  signal: AbortSignal,
): Promise<void> {
  if ((await objects.stat(uri))?.md5 === md5) return;
  try {
    // With its checksum: a file that is edited between hashing and uploading is refused.
    await objects.upload(local, uri, { ifGeneration: '0', md5, signal });
  } catch (error) {
    if (signal.aborted) throw await cancellationOf();
    if (!(error instanceof PreconditionFailed)) {
      if ((await hashesOf(local)).md5 === md5) throw error;
      const message = `${local} was changed while it was uploaded; run again when it is written`;
      throw failure('DataError', message, { cause: String(error) });
    }
    if ((await objects.stat(uri))?.md5 === md5) return; // Another upload was quicker.
    throw failure(
      'ObjectStoreRefused',
      `${uri} is not the file that its folder is named by: somebody replaced it. Remove it and run again.`,
    );
  }
}
