import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Loaded before all tests (`.mocharc.json`): workers of this process tell their errors only. */
export const quietRuntime = Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } },
});
