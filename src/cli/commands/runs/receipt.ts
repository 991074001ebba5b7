import type { Command } from 'commander';
import type { Receipt } from '../../../client/index.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { globalsOf } from '../../options/globals.js';
import { note, print, printJson } from '../../terminal/output.js';
import { receiptLines } from '../../lines/receipt-lines.js';
import { runArgument, withBeamline } from '../../ask/temporal.js';
import { shellCommand } from '../../terminal/shell-command.js';

/** `beamline receipt RUN`: from the local store, which needs no Temporal; else from Temporal. */
export function register(program: Command): void {
  program
    .command('receipt')
    .description('show what a run read, wrote and rejected; works without Temporal')
    .argument('<run>', runArgument)
    .addHelpText('after', examples('receipt latest', 'receipt q4kx7mw2ta --json'))
    .action(async (reference: string, _options: unknown, command: Command) => {
      const { json, root } = globalsOf(command);
      const { findStoredReceipt } = await import('../../../client/look/stored-receipts.js');
      const stored = reference === 'latest' ? null : await findStoredReceipt(root, reference);
      const receipt = stored ?? (await receiptFromTemporal(root, reference));
      if (json) printJson(receipt);
      else for (const line of receiptLines(receipt)) print(line);
    });
}

async function receiptFromTemporal(root: string, reference: string): Promise<Receipt> {
  const { RunNotFound, TemporalUnreachable, findStoredReceipt } =
    await import('../../../client/index.js');
  try {
    return await withBeamline({ root }, async (beamline) => {
      const run = await beamline.get(reference);
      const { closed_at, state } = await run.status();
      if (closed_at !== null) return run.receipt();
      throw new CliError(`run ${run.key} has not ended (${state}): it has no receipt yet`, {
        exitCode: exitCodes.failed,
        hint: `${shellCommand(`status ${run.key} --watch`)} follows it.`,
      });
    });
  } catch (error) {
    const isUnknown = error instanceof RunNotFound || error instanceof TemporalUnreachable;
    // Another host may have kept it; who cannot look there is told why Temporal does not know.
    const { receiptInBucket } = await import('../../../client/look/stored-receipts.js');
    const kept = isUnknown ? await receiptInBucket(root, reference).catch(() => null) : null;
    if (kept !== null) return kept;
    if (!(error instanceof TemporalUnreachable)) throw error;
    const latest = reference === 'latest' ? await findStoredReceipt(root, reference) : null;
    if (latest === null) throw notInStore(reference, error);
    note(`note: Temporal does not answer; this is the latest receipt in ${root}/.beamline/store`);
    return latest;
  }
}

function notInStore(reference: string, error: Error): CliError {
  const what = reference === 'latest' ? 'there is no receipt' : `run ${reference} is not`;
  return new CliError(`${what} in the local store, and ${error.message}`, {
    exitCode: exitCodes.unreachable,
    hint: `Start the local stack with ${shellCommand('dev')}, or name the project with --root.`,
    cause: error,
  });
}
