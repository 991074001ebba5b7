import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Catalogue, LoadedConfig, Problem } from '../../config/index.js';
import { argOption, profileOption } from '../args-option.js';
import { exitCodes } from '../errors.js';
import { globalsOf } from '../globals.js';
import { counted, note, print, printJson } from '../output.js';

interface Options {
  arg: Record<string, string>;
  profile?: string;
}

interface Verdict {
  file: string;
  problems: Problem[];
  /** Profile keys that were not looked up, as there is no profiles file. */
  unchecked: string[];
}

/** `beamline validate FILE…`: every problem of every file at once, without a server. */
export function register(program: Command): void {
  program
    .command('validate')
    .description('check configs and print every problem as file:line:column  path  message')
    .argument('<files...>', 'configs, YAML or JSON')
    .addOption(argOption())
    .addOption(profileOption())
    .action(async (files: string[], options: Options, command: Command) => {
      const { json, root } = globalsOf(command);
      const { loadCatalogue } = await import('../../config/index.js');
      const catalogue = loadCatalogue(root);
      const verdicts: Verdict[] = [];
      for (const file of files) verdicts.push(await judge(file, { root, options, catalogue }));
      const count = verdicts.reduce((sum, { problems }) => sum + problems.length, 0);
      if (json) printJson({ problems: count, files: verdicts });
      else await printVerdicts(verdicts, count);
      if (count > 0) process.exitCode = exitCodes.badInput;
    });
}

async function judge(
  file: string,
  { root, options, catalogue }: { root: string; options: Options; catalogue: Catalogue },
): Promise<Verdict> {
  const { ConfigProblems, checkConfig, loadConfig } = await import('../../config/index.js');
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig(resolve(file), { root, file });
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return { file, problems: [...error.problems], unchecked: [] };
  }
  const profile = options.profile === undefined ? undefined : resolve(options.profile);
  const checked = await checkConfig(loaded, { root, args: options.arg, profile, catalogue });
  const named = checked.steps.map((step) => step.parameters['profile']);
  const keys = named.filter((key): key is string => typeof key === 'string');
  const isChecked = checked.profiles !== undefined || options.profile !== undefined;
  return { file, problems: checked.problems, unchecked: isChecked ? [] : [...new Set(keys)] };
}

async function printVerdicts(verdicts: readonly Verdict[], count: number): Promise<void> {
  const { formatProblems } = await import('../../config/index.js');
  const bad = verdicts.filter(({ problems }) => problems.length > 0);
  for (const { problems } of bad) print(formatProblems(problems));
  if (bad.length > 0) print();
  const unchecked = [...new Set(verdicts.flatMap((verdict) => verdict.unchecked))];
  if (unchecked.length > 0) {
    note(`note: profile ${unchecked.join(', ')} not looked up: there is no .connections.json`);
  }
  print(
    count > 0
      ? `${counted(count, 'problem')} in ${counted(bad.length, 'file')}.`
      : `${counted(verdicts.length, 'file')}, no problems.`,
  );
}
