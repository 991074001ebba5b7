import type { Receipt, Run } from '../../client/index.js';
import { CliError, exitCodes } from '../terminal/errors.js';
import { failureLines } from '../lines/failure-lines.js';
import { note, print, printJson } from '../terminal/output.js';
import type { KnownSteps } from '../lines/known-steps.js';
import type { ProgressView } from './progress-view.js';
import { createView } from './view.js';
import { summaryLines } from '../lines/receipt-lines.js';
import { exitCodeOf } from '../ask/temporal.js';
import { watchInterrupts } from '../terminal/interrupt.js';
import { shellCommand } from '../terminal/shell-command.js';

/** What a shell expects of a command that Ctrl-C ended: 128 + SIGINT. */
const interruptedCode = 130;

/** Shows a run until it has ended, prints how, and sets the exit code accordingly. */
export async function followRun(
  run: Run,
  { json, steps = [] }: { json: boolean; steps?: KnownSteps },
): Promise<void> {
  const view = await createView(steps, { json });
  const interrupts = watchInterrupts({
    first: () =>
      view.note('The run goes on without this command. Ctrl-C again within 3 s cancels it.'),
    second() {
      view.note('cancelling; it cleans up first');
      run.cancel().catch((error: unknown) => view.note(`cancelling failed: ${String(error)}`));
    },
  });
  try {
    const end = run.result().then(succeeded, failed);
    const ended = await Promise.race([
      watch(run, view).then(() => end), // It watches until the end.
      interrupts.detached,
    ]);
    if (ended === 'detached') {
      view.end();
      note(`detached: run ${run.key} goes on`);
      note(`  ${shellCommand(`status ${run.key} --watch`)}   follows it again`);
      note(`  ${shellCommand(`cancel ${run.key}`)}           cancels it`);
      // Not in order: the call that awaits the end of the run would be tried again for seconds.
      process.exit(interruptedCode);
    }
    view.end(ended.receipt);
    await report(run, ended, { json, steps });
  } finally {
    interrupts.stop();
    view.end();
  }
}

interface Ended {
  receipt: Receipt | undefined;
  error?: unknown;
}

const succeeded = (receipt: Receipt): Ended => ({ receipt });
const failed = (error: unknown): Ended => ({
  receipt: (error as { receipt?: Receipt }).receipt,
  error,
});

async function watch(run: Run, view: ProgressView): Promise<void> {
  for await (const snapshot of run.progress()) view.show(snapshot);
}

async function report(
  run: Run,
  { receipt, error }: Ended,
  { json, steps }: { json: boolean; steps: KnownSteps },
): Promise<void> {
  const { RunFailed, TemporalUnreachable } = await import('../../client/index.js');
  if (error === undefined && receipt !== undefined) {
    if (json) printJson(receipt);
    else for (const line of summaryLines(receipt, run.url)) print(line);
    return;
  }
  if (error instanceof TemporalUnreachable) {
    throw new CliError(error.message, {
      exitCode: exitCodes.unreachable,
      hint:
        `Run ${run.key} is not lost: it goes on when Temporal is there again, and a worker. ` +
        `Follow it then with ${shellCommand(`status ${run.key} --watch`)}.`,
      cause: error,
    });
  }
  if (!(error instanceof RunFailed)) throw error;
  if (json) printJson(receipt ?? { error: documentOf(error) });
  else note(failureLines(error, run.url, steps).join('\n'));
  process.exitCode = exitCodeOf(error);
}

function documentOf(error: import('../../client/index.js').RunFailed): unknown {
  const { runKey, outcome, type, message, step, detail } = error;
  return { type, message, outcome, run_key: runKey, step, cause: detail };
}
