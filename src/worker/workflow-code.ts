import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from '@temporalio/worker';
import { isCurrent } from '../process/bundled-program.js';

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
