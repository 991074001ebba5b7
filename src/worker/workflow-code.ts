import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';

const bundle = fileURLToPath(new URL('./workflows.bundle.cjs', import.meta.url));
const bundled = ['../workflows/', '../runners/', '../shared/'].map((folder) =>
  fileURLToPath(new URL(folder, import.meta.url)),
);

/** The bundle that the build made, which saves a second at start; bundled now if it is not current. */
export function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  return isCurrent(bundle, bundled)
    ? { workflowBundle: { codePath: bundle } }
    : { workflowsPath: fileURLToPath(new URL('./workflows.js', import.meta.url)) };
}

/** Whether a bundle is there and as new as all code in these folders, whatever folder of theirs it is in. */
export function isCurrent(made: string, folders: readonly string[]): boolean {
  const at = modified(made);
  return folders.every((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .every((name) => modified(join(folder, name)) <= at),
  );
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
