import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { runKeyOf } from '../../src/store/run-key.js';
import { projectRoot } from '../support/stack.js';
import { workflowBundle } from '../support/workflow-bundle.js';

const folder = join(projectRoot, 'test', 'replay');

interface RecordedEvent {
  eventType: string;
  workflowExecutionStartedEventAttributes?: {
    firstExecutionRunId: string;
    originalExecutionRunId: string;
  };
  activityTaskCompletedEventAttributes?: { result: { payloads: { data?: string }[] } };
  workflowTaskFailedEventAttributes?: { cause: string; newRunId: string };
}

describe('recorded histories', function () {
  this.timeout(60_000);

  it('replay with the code of today', async () => {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    assert.ok(names.length >= 25, names.join());
    const code = await workflowBundle();
    for (const name of names) {
      await Worker.runReplayHistory(code, JSON.parse(await readFile(join(folder, name), 'utf8')));
    }
  });

  it('a reset run keeps its run key', async () => {
    const text = await readFile(join(folder, 'reset.json'), 'utf8');
    const { events } = JSON.parse(text) as { events: RecordedEvent[] };
    const started = events[0]?.workflowExecutionStartedEventAttributes;
    const reset = events.find((event) => event.workflowTaskFailedEventAttributes);
    assert.match(String(reset?.workflowTaskFailedEventAttributes?.cause), /RESET_WORKFLOW/);
    const newRunId = reset?.workflowTaskFailedEventAttributes?.newRunId;
    assert.notEqual(newRunId, started?.firstExecutionRunId);
    const results = events.flatMap((event) =>
      (event.activityTaskCompletedEventAttributes?.result?.payloads ?? []).flatMap(({ data }) =>
        data === undefined ? [] : [JSON.parse(Buffer.from(data, 'base64').toString()) as object],
      ),
    );
    const prepared = results.find((result): result is { runKey: string } => 'runKey' in result);
    assert.equal(prepared?.runKey, runKeyOf(String(started?.firstExecutionRunId)));
  });
});
