import type { Argument, Command, Option } from 'commander';

/** What may be typed at one place: these words, files, or something that is not known. */
export type Words = readonly string[] | 'files' | 'unknown';

/** What may follow one command. */
export interface Completed {
  /** `schedule plan`; empty for the program itself. */
  at: string;
  commands: readonly { name: string; description: string }[];
  options: readonly CompletedOption[];
  /** What its first argument may be. */
  argument: Words;
}

export interface CompletedOption {
  flag: string;
  description: string;
  /** Null if it takes none. */
  value: Words | null;
}

/** Every command of a program, from its own definition; options of the program stand with each. */
export function completionsOf(program: Command): Completed[] {
  return withBelow(program, '').map(({ at, command }) => {
    const inherited = command === program ? [] : program.options.filter(isEverywhere);
    return {
      at,
      commands: command.commands.map((each) => ({
        name: each.name(),
        description: each.description(),
      })),
      options: [
        ...[...command.options, ...inherited].map((option) => optionOf(option)),
        { flag: '--help', description: 'display help for command', value: null },
      ],
      argument: wordsOf(command.registeredArguments[0]),
    };
  });
}

function withBelow(command: Command, at: string): { at: string; command: Command }[] {
  const below = command.commands.flatMap((each) => withBelow(each, `${at} ${each.name()}`.trim()));
  return [{ at, command }, ...below];
}

function isEverywhere({ long }: Option): boolean {
  return long !== '--version';
}

function optionOf(option: Option): CompletedOption {
  const { long, short, description, required, optional } = option;
  const flag = long ?? short ?? '';
  return { flag, description, value: required || optional ? wordsOf(option) : null };
}

/** A value that is called a file, a folder or a path is one. */
function wordsOf(place: Argument | Option | undefined): Words {
  if (place === undefined) return 'unknown';
  if (place.argChoices !== undefined) return place.argChoices;
  const name = 'flags' in place ? place.flags : place.name();
  return /\b(file|dir|path)s?\b/.test(name.replace(/^--[\w-]+/, '')) ? 'files' : 'unknown';
}
