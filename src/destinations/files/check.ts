import { resolve } from 'node:path';
import type { PublishOutlook } from '../destination.js';
import { assertOurs, folderAt } from './folder.js';
import { assertAppendable, layoutOf } from './layout.js';
import type { FilesParameters } from './parameters.js';
import { newestData, readRecords } from './records.js';

/** Looks whether the folder can be ours, and compares with the files that an append would stand beside. */
export async function checkFolder(
  parameters: FilesParameters,
  projectRoot: string,
  { mode, columns, sink }: PublishOutlook,
): Promise<void> {
  const folder = folderAt(resolve(projectRoot, parameters.path));
  const isNew = !(await assertOurs(folder, projectRoot));
  if (isNew || mode !== 'append') return;
  const there = newestData(await readRecords(folder));
  if (there) assertAppendable(folder, there.layout, layoutOf(parameters, columns), sink);
}
