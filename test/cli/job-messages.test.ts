import assert from 'node:assert/strict';
import { followMessages, messageLines } from '../../src/cli/lines/job-messages.js';
import { DataflowUnavailable } from '../../src/gateways/dataflow.js';
import type { JobMessage } from '../../src/shared/run/job.js';
import { FakeJobs } from '../support/fake-jobs.js';

const job = { project: 'p', region: 'r', jobId: 'j1' };
const message = (second: number, text: string): JobMessage => ({
  time: `2026-11-25T03:04:${10 + second}Z`,
  importance: 'basic',
  text,
});

describe("a job's messages", () => {
  it('are lines with a time and an importance', () => {
    assert.deepEqual(messageLines({ ...message(1, 'a\nb'), importance: 'error' }), [
      '2026-11-25 03:04:11Z  error    a',
      '                               b',
    ]);
  });

  it('are followed to the end, each once, over a look that was lost', async () => {
    const dataflow = new FakeJobs();
    const all = [message(0, 'started'), message(1, 'one'), message(1, 'two')];
    dataflow.messagesOf.set('j1', all);
    dataflow.failures = [new DataflowUnavailable('503')];
    const end = new AbortController();
    const texts: string[] = [];
    const options = { minimum: 'basic', ended: end.signal, everyMs: 1 } as const;
    for await (const { text } of followMessages(dataflow, job, options)) {
      texts.push(text);
      if (text === 'two') dataflow.messagesOf.set('j1', [...all, message(1, 'three')]);
      if (text === 'three') {
        end.abort();
        dataflow.messagesOf.set('j1', [...all, message(1, 'three'), message(2, 'ended')]);
      }
    }
    assert.deepEqual(texts, ['started', 'one', 'two', 'three', 'ended']);
  });
});
