import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';

const bundle = fileURLToPath(new URL('../workflows/bundle.cjs', import.meta.url));
const bundled = ['../workflows/', '../shared/'].map((folder) =>
  fileURLToPath(new URL(folder, import.meta.url)),
);

/** The bundle that the build made, which saves a second at start; bundled now if it is not current. */
export function workflowCode(): Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'> {
  return isCurrent()
    ? { workflowBundle: { codePath: bundle } }
    : { workflowsPath: fileURLToPath(new URL('../workflows/index.js', import.meta.url)) };
}

function isCurrent(): boolean {
  const made = modified(bundle);
  return bundled.every((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.js'))
      .every((name) => modified(`${folder}${name}`) <= made),
  );
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
