import { stripVTControlCharacters } from 'node:util';
import { hasColour } from './colour.js';
import { widthOf, wrapped } from './wrap.js';

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

/** Lines of aligned columns, two spaces between them; the last column is not padded. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    }
  }
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : padded(cell, widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - widthOf(cell)));
}

/** `1 file`, `3 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
