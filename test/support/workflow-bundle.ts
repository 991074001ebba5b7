import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker';

let bundle: Promise<{ workflowBundle: WorkflowBundle }> | undefined;

/** The workflow code, bundled once for all tests of this process. */
export function workflowBundle(): Promise<{ workflowBundle: WorkflowBundle }> {
  bundle ??= makeBundle();
  return bundle;
}

async function makeBundle(): Promise<{ workflowBundle: WorkflowBundle }> {
  const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.js', import.meta.url));
  const logger = new DefaultLogger('ERROR');
  return { workflowBundle: await bundleWorkflowCode({ workflowsPath, logger }) };
}
