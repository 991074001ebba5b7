import { fileURLToPath } from 'node:url';
import { dataConverter } from '../../src/client/server/data-converter.js';
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker';

interface WorkflowCode {
  workflowBundle: WorkflowBundle;
  dataConverter: typeof dataConverter;
}

let bundle: Promise<WorkflowCode> | undefined;

/** The workflow code, bundled once for all tests of this process. */
export function workflowBundle(): Promise<WorkflowCode> {
  bundle ??= makeBundle();
  return bundle;
}

async function makeBundle(): Promise<WorkflowCode> {
  const workflowsPath = fileURLToPath(new URL('../../src/worker/workflows.js', import.meta.url));
  const logger = new DefaultLogger('ERROR');
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, ...dataConverter, logger });
  return { workflowBundle, dataConverter };
}
