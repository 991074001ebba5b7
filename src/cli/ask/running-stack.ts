import type { StackRecord } from '../../dev/environment/stack-record.js';
import { CliError, exitCodes } from '../terminal/errors.js';
import { shellCommand } from '../terminal/shell-command.js';

/**
 * Where the local stack of this root can be reached.
 * @throws `CliError` if none runs
 */
export async function runningStack(root: string): Promise<StackRecord> {
  const { readStackRecord } = await import('../../dev/environment/stack-record.js');
  const record = await readStackRecord(root);
  if (record !== null) return record;
  throw new CliError(`no local stack runs in ${root}`, {
    exitCode: exitCodes.unreachable,
    hint: `Start it: ${shellCommand('dev')}`,
  });
}
