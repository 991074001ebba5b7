import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { searchAttributes } from '../../src/shared/run/contract.js';
import { cacheDirectory, pinnedVersion } from '../../src/dev/services/tools.js';

/** temporal.api.enums.v1.IndexedValueType: INDEXED_VALUE_TYPE_KEYWORD. */
const keyword = 2;

/**
 * Starts Temporal's time-skipping test server: the one that `scripts/setup time-skipping` put into the
 * cache (it needs Java), else the SDK's own download. The caller tears it down.
 */
export async function createTimeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const folder = `temporal-test-server-${pinnedVersion('temporal-test-server')}`;
  const path = join(cacheDirectory(), folder, 'temporal-test-server');
  const environment = await started(
    existsSync(path) ? { server: { executable: { type: 'existing-path', path } } } : {},
  );
  // The test server can add search attributes, but not list them.
  await environment.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(
      Object.values(searchAttributes).map(({ name }) => [name, keyword]),
    ),
  });
  return environment;
}

/** The SDK waits 5 s for the server, whose Java may take longer on a busy machine. */
async function started(
  options: Parameters<typeof TestWorkflowEnvironment.createTimeSkipping>[0],
  tries = 4,
): Promise<TestWorkflowEnvironment> {
  try {
    return await TestWorkflowEnvironment.createTimeSkipping(options);
  } catch (error) {
    if (tries === 1 || !/did not start within/.test(String(error))) throw error;
    return started(options, tries - 1);
  }
}
