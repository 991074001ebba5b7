import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  type WorkflowBundle,
} from '@temporalio/worker';

let bundle: Promise<{ workflowBundle: WorkflowBundle }> | undefined;

/** The workflow code, bundled once for all tests of this process, whose runtime logs warnings only. */
export function workflowBundle(): Promise<{ workflowBundle: WorkflowBundle }> {
  bundle ??= makeBundle();
  return bundle;
}

async function makeBundle(): Promise<{ workflowBundle: WorkflowBundle }> {
  const logger = new DefaultLogger('ERROR');
  Runtime.install({ logger, telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } } });
  const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.js', import.meta.url));
  return { workflowBundle: await bundleWorkflowCode({ workflowsPath, logger }) };
}
