import type { Command } from 'commander';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { examples } from '../../terminal/examples.js';
import { clipped, rows as counted } from '../../terminal/format.js';
import { globalsOf } from '../../options/globals.js';
import { columns } from '../../../text/columns.js';
import { print, printJson } from '../../terminal/output.js';
import { runningStack } from '../../ask/running-stack.js';
import { number } from '../../../shared/counts.js';

/** Rows that are shown at most, and characters of each value. */
const mostRows = 100;
const longestValue = 60;

/** `beamline dev query`: GoogleSQL on the local stack's BigQuery. */
export function register(dev: Command): void {
  dev
    .command('query')
    .description("run GoogleSQL on the local stack's BigQuery, and show the first 100 rows")
    .argument('<sql>', 'a query or another statement: `CREATE SCHEMA shop` makes a dataset')
    .option('--project <id>', "the project of names that have none (default: the stack's own)")
    .addHelpText(
      'after',
      examples(
        'dev query "CREATE SCHEMA shop"',
        'dev query "SELECT * FROM shop.orders ORDER BY id"',
        'dev query --project my-project "CREATE SCHEMA shop"',
      ),
    )
    .action(async (sql: string, { project }: { project?: string }, command: Command) => {
      const { json, root } = globalsOf(command);
      const { bigquery } = await runningStack(root);
      if (bigquery === undefined) {
        throw new CliError('the local stack has no BigQuery', { exitCode: exitCodes.unreachable });
      }
      const { queryEmulator } = await import('../../../dev/query-emulator.js');
      const answer = await queryEmulator(bigquery.endpoint, { project, sql, mostRows });
      if ('refused' in answer) {
        throw new CliError(answer.refused, { exitCode: exitCodes.badInput });
      }
      if (json) {
        printJson(answer);
        return;
      }
      const { fields, rows, total, changed } = answer;
      if (fields.length > 0) {
        const shown = rows.map((row) => row.map((value) => textOf(value)));
        for (const line of columns([fields, ...shown])) print(line);
        print();
        print(
          total > rows.length ? `the first ${rows.length} of ${counted(total)}` : counted(total),
        );
      } else print(changed === null ? 'done' : `${number(changed)} rows changed`);
    });
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : value === null ? 'NULL' : JSON.stringify(value);
  // A value must not move the cursor, and stays on its line.
  return clipped(text.replaceAll(/\p{Cc}/gu, ' '), longestValue);
}
