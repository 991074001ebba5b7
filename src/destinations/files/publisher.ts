import { mkdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../../shared/failures.js';
import { faultPoint } from '../../process/fault-point.js';
import { lastReadAt, orderAfter, type CommitOrder, type NewestCommit } from '../commit-order.js';
import { assertWindowsAreNew, cursorsToRecord, type RecordedCursors } from '../cursors.js';
import type { Commit, CommitIdentity, Publisher, PublishRequest } from '../destination.js';
import { publishFailure } from '../publish-failure.js';
import { assertAppendable, layoutOf } from './layout.js';
import { settle } from './current.js';
import { assertOurs, folderAt, makeFolder, newVersionFolder, type Folder } from './folder.js';
import type { FilesParameters } from './parameters.js';
import {
  createRecord,
  newestData,
  readRecords,
  type CommitRecord,
  type DataRecord,
} from './records.js';
import { cursorsIn, isEmpty, positionOf } from './position.js';
import { syncPath } from './sync.js';
import { writeVersion } from './write.js';

/** Opens a folder on this machine's disk. */
export async function openFiles(
  parameters: FilesParameters,
  projectRoot: string,
): Promise<Publisher> {
  const folder = folderAt(resolve(projectRoot, parameters.path));
  const inFolder = async <T>(body: (isNew: boolean) => Promise<T>, step?: string): Promise<T> => {
    try {
      return await body(!(await assertOurs(folder, projectRoot)));
    } catch (error) {
      throw publishFailure(error, folder.root, step);
    }
  };
  return {
    inspect: (run) =>
      inFolder(async (isNew) => {
        if (isNew) return { version: 0, readAt: null, own: null };
        await settle(folder);
        const records = await readRecords(folder);
        const own = ownCommit(records, run);
        return {
          version: versionOf(records),
          readAt: lastReadAt(newestCommit(records)),
          own: own === undefined ? null : commitOf(own, true),
        };
      }),
    position: (sources) => inFolder(() => positionOf(folder, sources)),
    publish: (request) => inFolder(() => publish(folder, parameters, request), request.sink),
    fence: (identity) => inFolder(() => fence(folder, identity), identity.sink),
    close: async () => undefined,
  };
}

async function publish(
  folder: Folder,
  parameters: FilesParameters,
  request: PublishRequest,
): Promise<Commit> {
  await makeFolder(folder);
  const records = await readRecords(folder);
  const mine = ownCommit(records, request);
  if (mine && (request.mode === 'append' || mine.manifest_sha256 === request.manifestSha256)) {
    await settle(folder);
    return commitOf(mine, true);
  }
  assertAtBase(folder, records, request);
  const order = orderAfter(request, newestCommit(records), folder.root);
  const logged = cursorsIn(records);
  await assertWindowsAreNew(request, logged, folder.root, () => isEmpty(newestData(records)));
  const windows = cursorsToRecord(request, logged);
  const record = await commit(folder, parameters, request, newestData(records), { windows, order });
  await faultPoint('publisher:files:recorded');
  await shown(folder, record);
  await faultPoint('publisher:files:shown');
  return commitOf(record, false);
}

/** Writes the data apart, moves it into place, and creates the record: only that is the commit. */
async function commit(
  folder: Folder,
  parameters: FilesParameters,
  request: PublishRequest,
  previous: DataRecord | undefined,
  { windows, order }: { windows: RecordedCursors; order: CommitOrder },
): Promise<DataRecord> {
  const version = request.baseVersion + 1;
  const layout = layoutOf(parameters, request.staged.schema);
  const base = request.mode === 'append' ? previous : undefined;
  if (base) assertAppendable(folder, base.layout, layout, request.sink);
  const name = newVersionFolder(version);
  const attempt = join(folder.log, `attempt-${name}`);
  try {
    await mkdir(attempt);
    const data = join(attempt, 'data');
    const written = await writeVersion({ folder, parameters, layout, request, name, data, base });
    await faultPoint('publisher:files:data-written');
    await rename(data, join(folder.root, name));
    await syncPath(folder.root);
    await faultPoint('publisher:files:renamed');
    const record: DataRecord = {
      version,
      kind: 'commit',
      run_key: request.runKey,
      sink: request.sink,
      mode: request.mode === 'append' ? 'append' : 'replace',
      rows: request.staged.rows,
      bytes: written.bytes,
      manifest_sha256: request.manifestSha256,
      committed_at: new Date().toISOString(),
      folder: name,
      layout,
      files: written.files,
      windows,
      origin: { ...request.origin, order },
    };
    if (await createRecord(folder, record)) return record;
    throw new Error(`version ${version} is taken`);
  } catch (error) {
    const records = await readRecords(folder);
    const made = newestData(
      records.filter((other) => other.kind === 'commit' && other.folder === name),
    );
    if (made) return made; // The link was made all the same: the commit stands.
    await rm(join(folder.root, name), { recursive: true, force: true });
    await rm(attempt, { recursive: true, force: true });
    // Whoever took the version also removed our folder: that is why, whatever broke.
    assertAtBase(folder, records, request);
    throw error;
  }
}

/** The commit stands, whatever happens here: the next publish, inspect or fence repairs it. */
async function shown(folder: Folder, { version, sink }: DataRecord): Promise<void> {
  try {
    await settle(folder);
  } catch (error) {
    const { type } = publishFailure(error, folder.root);
    throw ApplicationFailure.create({
      type: type ?? 'InternalError',
      message:
        `${folder.root}: version ${version} is committed, but \`current\` could not be moved to it ` +
        `(${String(error)}). The next publish repairs it.`,
      nonRetryable: false,
      details: [{ step: sink, cause: String(error) }],
    });
  }
}

async function fence(folder: Folder, identity: CommitIdentity): Promise<Commit | null> {
  await makeFolder(folder);
  for (;;) {
    const records = await readRecords(folder);
    const mine = ownCommit(records, identity);
    const { baseVersion, runKey, sink } = identity;
    if (mine && mine.version > baseVersion) {
      await settle(folder);
      return commitOf(mine, true);
    }
    if (versionOf(records) !== baseVersion) break;
    const committed_at = new Date().toISOString();
    const record: CommitRecord = {
      version: baseVersion + 1,
      kind: 'fence',
      run_key: runKey,
      sink,
      committed_at,
    };
    if (await createRecord(folder, record)) break;
  }
  await settle(folder);
  return null;
}

function versionOf(records: readonly CommitRecord[]): number {
  return records.at(-1)?.version ?? 0;
}

function newestCommit(records: readonly CommitRecord[]): NewestCommit | null {
  const newest = newestData(records);
  if (newest === undefined) return null;
  const { run_key: runKey, origin = null, committed_at: committedAt, mode } = newest;
  return { runKey, origin, committedAt, mode };
}

function ownCommit(
  records: readonly CommitRecord[],
  { runKey, sink }: Pick<CommitIdentity, 'runKey' | 'sink'>,
): DataRecord | undefined {
  return records.findLast(
    (record): record is DataRecord =>
      record.kind === 'commit' && record.run_key === runKey && record.sink === sink,
  );
}

function assertAtBase(
  folder: Folder,
  records: readonly CommitRecord[],
  { baseVersion, sink }: CommitIdentity,
): void {
  const version = versionOf(records);
  if (version === baseVersion) return;
  const last = records.at(-1);
  const by = last ? ` (${last.kind} of run ${last.run_key})` : '';
  throw failure(
    'VersionTaken',
    `${folder.root} is at version ${version}${by}, this publish builds on version ${baseVersion}: ` +
      'nothing was written',
    { step: sink },
  );
}

function commitOf({ version, rows, bytes }: DataRecord, adopted: boolean): Commit {
  return { version, rows, bytes, adopted };
}
