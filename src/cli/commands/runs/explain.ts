import type { Command } from 'commander';
import type { CancelRequest, Receipt, RunFailed } from '../../../client/index.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { cancelText, explanationOf, failureLines } from '../../lines/failure-lines.js';
import { globalsOf } from '../../options/globals.js';
import { print, printJson } from '../../terminal/output.js';
import { headline } from '../../lines/receipt-lines.js';
import { shellCommand } from '../../terminal/shell-command.js';
import { runArgument, withBeamline } from '../../ask/temporal.js';

/** `beamline explain RUN`: why a run failed; from the local store, which needs no Temporal. */
export function register(program: Command): void {
  program
    .command('explain')
    .description('say why a run failed, whether a retry can help, and what to do next')
    .argument('<run>', runArgument)
    .addHelpText('after', examples('explain latest'))
    .action(async (reference: string, _options: unknown, command: Command) => {
      const { json, root } = globalsOf(command);
      const { findStoredReceipt } = await import('../../../client/look/stored-receipts.js');
      const stored = reference === 'latest' ? null : await findStoredReceipt(root, reference);
      if (stored === null) await explainFromTemporal(root, reference, json);
      else await explainStored(root, stored, json);
    });
}

interface Ended {
  receipt: Receipt | undefined;
  /** Null if it succeeded. */
  failed: RunFailed | null;
  /** Of a run that was cancelled. */
  request?: CancelRequest | null;
}

async function explainStored(root: string, receipt: Receipt, json: boolean): Promise<void> {
  const ended: Ended = { receipt, failed: await failedOf(root, receipt) };
  if (receipt.outcome === 'cancelled') {
    // Only Temporal knows who asked; all else is here without it.
    ended.request = await withBeamline({ root }, (beamline) =>
      beamline.cancelRequestOf(receipt),
    ).catch(() => null);
  }
  await explain(ended, null, json);
}

async function explainFromTemporal(root: string, reference: string, json: boolean): Promise<void> {
  const { RunFailed } = await import('../../../client/index.js');
  await withBeamline({ root }, async (beamline) => {
    const run = await beamline.get(reference);
    const { closed_at, state } = await run.status();
    if (closed_at === null) {
      throw new CliError(
        `run ${run.key} has not ended (${state}): there is nothing to explain yet`,
        {
          exitCode: exitCodes.badInput,
          hint: `${shellCommand(`status ${run.key}`)} shows where it is.`,
        },
      );
    }
    const ended = await run.result().then(
      (receipt): Ended => ({ receipt, failed: null }),
      (error: unknown): Ended => {
        if (error instanceof RunFailed) return { receipt: error.receipt, failed: error };
        throw error;
      },
    );
    if (ended.failed?.outcome === 'cancelled') {
      ended.request = await beamline.cancelRequestOf(await run.status());
    }
    await explain(ended, run.url, json);
  });
}

async function explain(
  { receipt, failed, request = null }: Ended,
  url: string | null,
  json: boolean,
): Promise<void> {
  if (json) {
    printJson(
      failed === null
        ? { run_key: receipt?.run_key, outcome: 'succeeded' }
        : documentOf(failed, request),
    );
    return;
  }
  if (failed !== null) print(failureLines(failed, url, [], request).join('\n'));
  else if (receipt !== undefined) print(`run ${receipt.run_key} ${headline(receipt)}`);
}

function documentOf(failed: RunFailed, request: CancelRequest | null): unknown {
  const { runKey, outcome, type, step, receipt } = failed;
  const { cause, evidence, retry, next } = explanationOf(failed);
  const job = receipt?.job;
  return {
    run_key: runKey,
    outcome,
    type,
    cause: job?.failure?.cause ?? null,
    message: outcome === 'cancelled' ? cancelText(request) : cause.join('\n'),
    step: step ?? null,
    retry,
    next,
    evidence: job?.failure?.evidence ?? evidence,
    job: job ?? null,
    published: (receipt?.sinks ?? [])
      .filter(({ state }) => state === 'published')
      .map(({ name }) => name),
  };
}

/** What a receipt says of a failure; the Beam process's log adds its end, if it is here. */
async function failedOf(root: string, receipt: Receipt): Promise<RunFailed | null> {
  if (receipt.outcome === 'succeeded') return null;
  const { RunFailed } = await import('../../../client/server/errors.js');
  const { failure, outcome, run_key } = receipt;
  return new RunFailed({
    runKey: run_key,
    outcome,
    type: failure?.type ?? 'Cancelled',
    message: failure?.message ?? `the run was ${outcome.replaceAll('_', ' ')}`,
    step: failure?.step,
    detail: failure?.cause,
    evidence: await lastLogLines(root, run_key),
    receipt,
  });
}

async function lastLogLines(root: string, runKey: string): Promise<string[]> {
  const { readFile } = await import('node:fs/promises');
  const { storeRootOf } = await import('../../../client/look/stored-receipts.js');
  const { attemptsOf } = await import('../../../store/beam-log.js');
  const { storePaths } = await import('../../../store/local-store.js');
  const text = await readFile(storePaths.log(storeRootOf(root), runKey), 'utf8').catch(() => '');
  return attemptsOf(text).at(-1)?.lines ?? [];
}
