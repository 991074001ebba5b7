import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Finding } from '../../../migrate/finding.js';
import type { JudgedFile } from '../../../migrate/judge.js';
import type { Totals } from '../../../migrate/totals.js';
import { examples } from '../../terminal/examples.js';
import { profileOption } from '../../options/args-option.js';
import { exitCodes, type ExitCode } from '../../terminal/errors.js';
import { globalsOf } from '../../options/globals.js';
import { columns } from '../../../text/columns.js';
import { note, print, printJson } from '../../terminal/output.js';
import { counted } from '../../../shared/counts.js';

/** Where satokiyo/pydataflow-template keeps its profiles. */
const referenceProfiles = '.test_connections.json';

/** `beamline migrate FILE|DIR`: what configs of satokiyo/pydataflow-template mean here. Writes nothing. */
export function register(program: Command): void {
  program
    .command('migrate')
    .description('say what of a satokiyo/pydataflow-template config means something else here')
    .argument('<path>', 'a config, or a folder of them')
    .addOption(profileOption())
    .addHelpText(
      'after',
      examples('migrate configs/', 'migrate configs/orders.json --profile .test_connections.json'),
    )
    .action(async (path: string, { profile }: { profile?: string }, command: Command) => {
      const { json, root } = globalsOf(command);
      const { judge } = await import('../../../migrate/judge.js');
      const { totalsOf } = await import('../../../migrate/totals.js');
      const { loadCatalogue } = await import('../../../config/index.js');
      const own = join(root, referenceProfiles);
      const files = await judge(path, {
        root,
        profile: profile === undefined ? (existsSync(own) ? own : undefined) : resolve(profile),
        catalogue: loadCatalogue(root),
      });
      const totals = totalsOf(files);
      if (json) printJson({ ...totals, files });
      else printFiles(files, totals);
      process.exitCode = exitCodeOf(totals);
    });
}

/** What scripts are told: whether somebody has to look. */
export function exitCodeOf({ refused, changed }: Totals): ExitCode {
  if (refused > 0) return exitCodes.badInput;
  return changed > 0 ? exitCodes.changesPending : exitCodes.done;
}

function printFiles(files: readonly JudgedFile[], { same, changed, refused }: Totals): void {
  const rows = files.flatMap(({ file, kind, findings }) => {
    if (kind === 'pipeline' && findings.length === 0) return [['same', file]];
    return findings.map((finding) => [
      finding.kind,
      placeOf(finding),
      finding.path,
      finding.message,
    ]);
  });
  for (const line of columns(rows)) print(line);
  for (const { file, kind } of files) {
    if (kind === 'other') note(`${file}: neither a pipeline nor connection profiles; left out`);
  }
  if (same + changed + refused === 0) {
    note('there is no pipeline');
    return;
  }
  print();
  print(
    `${counted(same + changed + refused, 'pipeline')}: ${same} to run as ${same === 1 ? 'it is' : 'they are'}, ` +
      `${changed} with another meaning, ${refused} refused. Nothing was written.`,
  );
}

function placeOf({ file, line, column }: Finding): string {
  return line === 0 ? file : `${file}:${line}:${column}`;
}
