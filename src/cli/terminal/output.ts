import { stripVTControlCharacters } from 'node:util';
import { hasColour } from './colour.js';
import { wrapped } from './wrap.js';

/** Prints the one JSON document of a command. */
export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

/** Prints one line of a command's result, broken where a terminal is narrower. */
export function print(line = ''): void {
  writeLine(process.stdout, line);
}

/** Prints what others have written, as it is. */
export function printAsIs(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints a remark that is no part of the result. */
export function note(line: string): void {
  writeLine(process.stderr, line);
}

function writeLine(stream: NodeJS.WriteStream, line: string): void {
  // Standard error may go to a file while standard output is a terminal.
  if (hasColour() && !stream.isTTY) line = stripVTControlCharacters(line);
  for (const part of wrapped(line, roomOf(stream))) stream.write(`${part}\n`);
}

/** Columns of a terminal; without one a line stays one, however long. */
export function roomOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? stream.columns || 80 : Infinity;
}

/** Ends the process once everything is written, though something that was given up may still wait. */
export function endOnceWritten(): void {
  process.stdout.write('', () => process.exit());
}
