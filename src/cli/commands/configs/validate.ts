import { Option, type Command } from 'commander';
import { examples } from '../../terminal/examples.js';
import { argOption, profileOption } from '../../options/args-option.js';
import { CliError, exitCodes } from '../../terminal/errors.js';
import { globalsOf } from '../../options/globals.js';
import { note, print, printAsIs, printJson } from '../../terminal/output.js';
import type { Verdict } from '../../validate/verdicts.js';
import { counted } from '../../../shared/counts.js';

const formats = ['text', 'json', 'github', 'junit'] as const;
type Format = (typeof formats)[number];

interface Options {
  arg: Record<string, string>;
  profile?: string;
  format?: Format;
}

/** `beamline validate PATH…`: every problem of every config at once, without a server. */
export function register(program: Command): void {
  program
    .command('validate')
    .description('check configs and print every problem as file:line:column  path  message')
    .argument('<paths...>', 'configs, YAML or JSON, and folders of them')
    .addOption(argOption())
    .addOption(profileOption())
    .addOption(
      new Option(
        '--format <name>',
        'how problems are printed: as text (the default), for programs, for GitHub Actions, for CI servers',
      ).choices(formats),
    )
    .addHelpText(
      'after',
      examples(
        'validate configs/',
        'validate configs/orders.yaml --arg day=2026-01-31',
        'validate configs/ --format github',
      ),
    )
    .action(async (paths: string[], options: Options, command: Command) => {
      const { json, root } = globalsOf(command);
      const format = formatOf(options, json);
      const { verdictsOf } = await import('../../validate/verdicts.js');
      const { files, leftOut } = await verdictsOf(paths, { root, ...options });
      const count = files.reduce((sum, { problems }) => sum + problems.length, 0);
      if (format === 'json') printJson({ problems: count, files, left_out: leftOut });
      else {
        await printAs(format, files, count);
        await noteUnchecked(files, leftOut);
      }
      if (count > 0) process.exitCode = exitCodes.badInput;
    });
}

function formatOf({ format }: Options, json: boolean): Format {
  if (!json) return format ?? 'text';
  if (format === undefined || format === 'json') return 'json';
  throw new CliError(`\`--json\` and \`--format ${format}\` are two formats; give one of them`, {
    exitCode: exitCodes.badInput,
  });
}

async function printAs(
  format: Exclude<Format, 'json'>,
  files: readonly Verdict[],
  count: number,
): Promise<void> {
  switch (format) {
    case 'junit': {
      const { junitLines } = await import('../../validate/junit.js');
      for (const line of junitLines(files)) printAsIs(line);
      return;
    }
    case 'github': {
      const { githubLines } = await import('../../validate/github.js');
      for (const line of githubLines(files)) printAsIs(line);
      break;
    }
    case 'text': {
      const { formatProblems } = await import('../../../config/index.js');
      const bad = files.filter(({ problems }) => problems.length > 0);
      for (const { problems } of bad) print(formatProblems(problems));
      if (bad.length > 0) print();
    }
  }
  const bad = files.filter(({ problems }) => problems.length > 0).length;
  print(
    count > 0
      ? `${counted(count, 'problem')} in ${counted(bad, 'file')}.`
      : `${counted(files.length, 'file')}, no problems.`,
  );
}

/** So many files are named. */
const mostNamed = 5;

async function noteUnchecked(files: readonly Verdict[], leftOut: readonly string[]): Promise<void> {
  const keys = [...new Set(files.flatMap(({ unchecked }) => unchecked))];
  if (keys.length > 0) {
    const { ofDemo } = await import('../../../config/checks/profiles.js');
    const demos = keys.flatMap((key) => ofDemo(key) ?? []).map((text) => `; ${text}`);
    const what = `profile ${keys.join(', ')} not looked up: there is no .connections.json`;
    note(`note: ${what}${demos.join('')}`);
  }
  if (leftOut.length === 0) return;
  const named = leftOut.slice(0, mostNamed).join(', ');
  const more = leftOut.length > mostNamed ? ` and ${leftOut.length - mostNamed} more` : '';
  note(`note: left out, without \`sources\`, \`sinks\` or a \`schedule\`: ${named}${more}`);
}
