import { DefaultLogger, Runtime } from '@temporalio/worker';

// Most tests start a worker for one run or two: only those of spares keep some.
process.env['BEAMLINE_SPARES'] ??= '0';

let installed: Runtime | undefined;

/** The Temporal runtime of this process, whose workers tell their errors only. */
export function quietRuntime(): Runtime {
  installed ??= Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } },
  });
  return installed;
}

/** Called by mocha (`.mocharc.json`) in each process that runs tests; one that runs none has no runtime. */
export const mochaHooks = {
  beforeAll(): void {
    quietRuntime();
  },
};
