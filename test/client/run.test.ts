import assert from 'node:assert/strict';
import { WorkflowFailedError } from '@temporalio/client';
import { RetryState, TerminatedFailure } from '@temporalio/common';
import type { TemporalClient } from '../../src/client/server/connection.js';
import { Run } from '../../src/client/run.js';
import { receipt } from '../support/receipt.js';

describe('a run that is reset', () => {
  it('is awaited to its end, also where another call has found its next execution first', async () => {
    let reset: (() => void) | undefined;
    const terminated = new Promise<never>((_, reject) => {
      reset = () =>
        reject(
          new WorkflowFailedError(
            'reset',
            new TerminatedFailure('reset'),
            RetryState.RETRY_POLICY_NOT_SET,
          ),
        );
    });
    const executions: Record<string, { state: string; result: () => Promise<unknown> }> = {
      one: { state: 'TERMINATED', result: () => terminated },
      two: { state: 'RUNNING', result: async () => receipt },
    };
    const getHandle = (workflowId: string, runId = 'two') => ({
      workflowId,
      result: executions[runId]?.result,
      cancel: async () => undefined,
      describe: async () => ({
        raw: {
          workflowExecutionInfo: {
            execution: { runId },
            firstRunId: 'one',
            status: executions[runId]?.state === 'RUNNING' ? 1 : 3,
          },
        },
      }),
    });
    const temporal = { client: { workflow: { getHandle } } } as unknown as TemporalClient;
    const handle = getHandle('w', 'one') as unknown as ConstructorParameters<typeof Run>[1];
    const run = new Run(temporal, handle, { root: '/nowhere', key: 'aaaaaaaaaa', url: null });
    const result = run.result();
    await run.cancel();
    reset?.();
    assert.deepEqual(await result, receipt);
  });
});
