import { setHandler } from '@temporalio/workflow';
import { ignored } from '../../workflows/contract/intake.js';
import { jobStateChangedSignal } from '../../workflows/contract/signals.js';
import type { RunnerWorkflow } from '../../workflows/runner.js';
import { jobContextOf, type ResumedJob } from './workflow/job-context.js';
import { JobEvents } from './workflow/job-events.js';
import { runJob, upload } from './workflow/run-job.js';

export const workflow: RunnerWorkflow<JobEvents> = {
  listen(record) {
    const events = new JobEvents();
    setHandler(jobStateChangedSignal, (event) => {
      if (events.hear(event)) return;
      ignored('a signal jobStateChanged');
      record.note('a signal jobStateChanged was ignored: it did not have the form of an event');
    });
    return events;
  },
  provide: (context, events) => upload(jobContextOf(context, events)),
  stage: (context, events, resumed) =>
    runJob(jobContextOf(context, events), resumed as ResumedJob | null),
};
