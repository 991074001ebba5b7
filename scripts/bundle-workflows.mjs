// Bundles the workflow code of the build, so that a worker need not at every start.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const workflowsPath = fileURLToPath(new URL('../dist/src/worker/workflows.js', import.meta.url));
const target = fileURLToPath(new URL('../dist/src/worker/workflows.bundle.cjs', import.meta.url));
const converter = fileURLToPath(new URL('../dist/src/shared/data-converter.js', import.meta.url));
const quiet = {
  trace() {},
  debug() {},
  info() {},
  warn: console.warn,
  error: console.error,
  log() {},
};
const { code } = await bundleWorkflowCode({
  workflowsPath,
  payloadConverterPath: converter,
  failureConverterPath: converter,
  logger: quiet,
});
await writeFile(target, code);
