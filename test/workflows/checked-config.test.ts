import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { Beamline } from '../../src/client/index.js';
import { failure } from '../../src/shared/failures.js';
import { registerSearchAttributes } from '../../src/worker/search-attributes.js';
import type { PreparedRun } from '../../src/workflows/contract/activities.js';
import { createFakeActivities } from '../support/fake-activities.js';
import { startTemporal } from '../support/stack.js';
import { workflowBundle } from '../support/workflow-bundle.js';

const sha256 = 'a'.repeat(64);

/** What each call of `prepare` was given. */
const seen: unknown[][] = [];

async function refuse(...given: unknown[]): Promise<PreparedRun> {
  seen.push(given);
  throw failure('ConfigError', 'of the test');
}

/** What `prepare` was given, from its third argument on. */
function given(): unknown[][] {
  return seen.map((all) => all.slice(2));
}

describe('a run of a config that was checked', function () {
  this.timeout(60_000);
  const taskQueue = 'checked';
  let environment: TestWorkflowEnvironment;
  let stop: () => Promise<void>;

  before(async () => {
    environment = await startTemporal();
    await registerSearchAttributes(environment.connection, 'default');
    const { activities } = createFakeActivities({
      client: environment.client.workflow,
      taskQueue,
      overrides: { prepare: refuse },
    });
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      ...(await workflowBundle()),
      activities,
    });
    const running = worker.run();
    stop = async () => {
      worker.shutdown();
      await running;
    };
  });
  after(async () => {
    await stop?.();
    await environment?.teardown();
  });
  beforeEach(() => seen.splice(0));

  const input = { config: 'a.yaml' };
  const request = { input, summary: '', details: '' };

  it('has it compared by whoever prepares it', async () => {
    const { address } = environment;
    const beamline = await Beamline.connect({ root: '.', address, taskQueue });
    try {
      const memo = { config_sha256: sha256 };
      const run = await beamline.start({ ...request, workflowId: 'checked', memo });
      await assert.rejects(run.result());
      assert.deepEqual(given(), [[2, sha256]]);
    } finally {
      await beamline.close();
    }
  });

  for (const [what, memo] of Object.entries({
    nothing: undefined,
    'something else': { beamline: { config_sha256: 'x' } },
    'no mapping': { beamline: 7 },
  })) {
    it(`is compared with nothing where the memo says ${what}`, async () => {
      const options = { taskQueue, workflowId: `memo of ${what}`, args: [input] };
      const start = { ...options, ...(memo && { memo }) };
      await assert.rejects(environment.client.workflow.execute('runPipeline', start));
      assert.deepEqual(given(), [[2]]);
    });
  }

  it('is not compared after a reset, which is to take what is there now', async () => {
    const { workflow, workflowService } = environment.client;
    const memo = { beamline: { config_sha256: sha256 } };
    const options = { taskQueue, workflowId: 'reset', args: [input], memo };
    const handle = await workflow.start('runPipeline', options);
    await assert.rejects(handle.result());
    const { events } = await handle.fetchHistory();
    const finished = events?.find((event) => event.workflowTaskCompletedEventAttributes);
    assert.ok(finished?.eventId);
    await workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: 'reset', runId: handle.firstExecutionRunId },
      reason: 'test',
      workflowTaskFinishEventId: finished.eventId,
      requestId: 'reset',
    });
    await assert.rejects(workflow.getHandle('reset').result());
    assert.deepEqual(given(), [[2, sha256], [2]]);
  });
});
