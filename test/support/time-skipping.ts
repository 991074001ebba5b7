import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { cacheDirectory, pinnedVersion } from '../../src/dev/tools.js';

/**
 * Starts Temporal's time-skipping test server: the one that `scripts/setup time-skipping` put into the
 * cache (it needs Java), else the SDK's own download. The caller tears it down.
 */
export function createTimeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const folder = `temporal-test-server-${pinnedVersion('temporal-test-server')}`;
  const path = join(cacheDirectory(), folder, 'temporal-test-server');
  return TestWorkflowEnvironment.createTimeSkipping(
    existsSync(path) ? { server: { executable: { type: 'existing-path', path } } } : {},
  );
}
