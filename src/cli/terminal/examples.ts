import { shellCommand } from './shell-command.js';

/** Examples for the end of a command's help, each of which can be pasted. @param lines without `beamline` */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${shellCommand(line)}`).join('\n')}`;
}
