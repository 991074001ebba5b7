import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { startStack, type Stack } from '../../src/dev/stack.js';
import type { Receipt } from '../../src/shared/run/receipt.js';
import { temporaryRoot } from '../support/stack.js';

describe('a run on Dataflow that is reset', function () {
  this.timeout(120_000);
  let root: string;
  let remove: (() => Promise<void>) | undefined;
  let stack: Stack;
  let connection: Connection;
  let client: Client;

  before(async () => {
    ({ root, remove } = await temporaryRoot());
    mkdirSync(join(root, 'data'));
    writeFileSync(join(root, 'data', 'in.csv'), 'id,name\n1,a\n2,b\n');
    writeFileSync(
      join(root, 'copy.yaml'),
      `name: copy
sources: [{ name: rows, module: files, parameters: { path: data/in.csv } }]
sinks: [{ name: out, module: files, input: rows, parameters: { path: out } }]
`,
    );
    stack = await startStack({ root, port: 0, uiPort: 0, gatewayPort: 0 });
    connection = await Connection.connect({ address: stack.record.temporal.address });
    client = new Client({ connection });
  });
  after(async () => {
    await connection?.close();
    await stack?.stop();
    await remove?.();
  });

  for (const activity of ['prepare', 'launchJob']) {
    it(`after its end, to ${activity}: uploads and launches anew, and succeeds`, async () => {
      const { before, again } = await runAndReset(activity);
      const receipt = (await again.result()) as Receipt;
      assert.equal(receipt.outcome, 'succeeded');
      assert.equal(receipt.run_key, before.run_key);
      assert.equal(receipt.job?.launch, 2);
      assert.equal(receipt.rows_staged, 2);
    });
  }

  it('after its end, to its audit: fails, since what was staged went with the end', async () => {
    const { again } = await runAndReset('audit');
    await assert.rejects(again.result(), /Workflow execution failed/);
  });

  async function runAndReset(
    activity: string,
  ): Promise<{ before: Receipt; again: WorkflowHandle }> {
    const workflowId = `reset-${activity}`;
    const run = await client.workflow.start('runPipeline', {
      taskQueue: 'beamline',
      workflowId,
      args: [{ config: 'copy.yaml', runner: 'dataflow' }],
    });
    const before = (await run.result()) as Receipt;
    assert.equal(before.job?.launch, 1);
    return { before, again: await reset(workflowId, run.firstExecutionRunId, activity) };
  }

  /** Resets to the workflow task that scheduled an activity. */
  async function reset(
    workflowId: string,
    runId: string,
    activity: string,
  ): Promise<WorkflowHandle> {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const scheduled = (events ?? []).find(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity,
    );
    const { runId: next } = await client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId },
      workflowTaskFinishEventId:
        scheduled?.activityTaskScheduledEventAttributes?.workflowTaskCompletedEventId ?? null,
      requestId: `reset-${workflowId}`,
      reason: 'test',
    });
    return client.workflow.getHandle(workflowId, next);
  }
});
