import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.js';

/** Commands and options of a command line that there are not. */
export function unknownWords(line: string): string[] {
  const words = line.replace(/ +#.*/, '').split(' ').slice(1);
  const program = createProgram();
  let command: Command = program;
  while (command.commands.length > 0) {
    const next = command.commands.find((candidate) => candidate.name() === words[0]);
    if (next === undefined) {
      if (command.registeredArguments.length > 0) break; // It also does something by itself.
      return [line];
    }
    command = next;
    words.shift();
  }
  const known = [...program.options, ...command.options].map(({ long }) => long);
  return words.filter((word) => word.startsWith('--') && !known.includes(word));
}
