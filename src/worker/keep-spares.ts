import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { publisherProgram } from '../activities/publish/publisher-child.js';
import type { ActivityDeps } from '../activities/index.js';
import { ownPackage, pythonEnvironment } from '../process/python.js';
import { endAbandonedSpares, ownRecords, Spares } from '../process/spares.js';
import { storePaths } from '../store/local-store.js';

/** Spares of the children that a worker starts for its runs, once those of workers that are gone have ended. */
export async function keepSpares(
  { root, store, python }: Pick<ActivityDeps, 'root' | 'store' | 'python'>,
  count: number,
): Promise<NonNullable<ActivityDeps['spares']>> {
  const base = storePaths.spareProcesses(store);
  await endAbandonedSpares(base);
  const records = await ownRecords(base);
  const beam = {
    command: python,
    args: ['-m', 'beam_pipeline.main', '--spare'],
    cwd: root,
    env: pythonEnvironment(),
    records,
    code: () => newestIn(ownPackage()),
  };
  const publisher = {
    command: process.execPath,
    args: [publisherProgram, '--spare'],
    cwd: root,
    records,
    code: () => String(statSync(publisherProgram, { throwIfNoEntry: false })?.mtimeMs),
  };
  return { beam: new Spares(beam, count), publisher: new Spares(publisher, count) };
}

/** When the newest code of a folder was written, and how many files of it there are. */
function newestIn(folder: string | undefined): string {
  if (folder === undefined) return '';
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.py'),
  );
  const times = files.map(
    (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs,
  );
  return `${files.length} ${Math.max(...times.map((time) => time ?? 0))}`;
}
