import { join, resolve } from 'node:path';
import { canonicalPath } from '../canonical-path.js';
import type { Destination } from '../destination.js';
import { columnProblems } from './column-problems.js';
import { filesParameters, type FilesParameters } from './parameters.js';

/** A folder of Parquet, CSV or JSON Lines files. */
export const destination: Destination<FilesParameters> = {
  name: 'files',
  summary: 'Writes a folder of Parquet, CSV or JSON Lines files.',
  parameters: filesParameters,
  modes: ['replace', 'append'],
  schemaChanges: ['fail'],
  reads: 'local',
  address: null,
  paths: ({ path }) => [{ parameter: 'path', path }],
  key: ({ path }, { root, storeId }) => `files:${storeId}:${canonicalPath(resolve(root, path))}`,
  location: ({ path }) => join(path, 'current'),
  columnProblems,
  async check(parameters, { root }, outlook) {
    const { checkFolder } = await import('./check.js');
    await checkFolder(parameters, root, outlook);
  },
  async open(parameters, { root }) {
    const { openFiles } = await import('./publisher.js');
    return openFiles(parameters, root);
  },
};
