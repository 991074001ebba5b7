import { stripVTControlCharacters } from 'node:util';
import { widthOf } from '../../text/columns.js';
import { shellCommand } from './shell-command.js';

/**
 * A line broken at spaces where it is wider than a terminal; later lines begin below the last column of
 * the first, as far as that leaves room. A word that is wider than the terminal stays whole, and a command
 * of ours can still be pasted: it is not broken, or at an option and with `\`.
 * @param width columns of the terminal; Infinity breaks nothing
 */
export function wrapped(text: string, width: number): string[] {
  const lines = text.split('\n');
  const isWide = (line: string | undefined): boolean => widthOf(line ?? '') >= width;
  return lines.flatMap((line, index) => {
    const mark = lines[index + 1]?.search(markLine) ?? -1;
    if (isWide(line)) return mark < 0 ? broken(line, width) : marked(line, mark, width);
    return markLine.test(line) && isWide(lines[index - 1]) ? [] : [line];
  });
}

/** Shows the place in the line above. */
const markLine = /(?<=^ *)\^(?= *$)/;

/** A broken line, with the mark below the part that has the column. */
function marked(text: string, column: number, width: number): string[] {
  const parts = broken(text, width);
  // Breaking changes nothing but spaces.
  let before = text.slice(0, column).replaceAll(' ', '').length;
  for (const [index, part] of parts.entries()) {
    const letters = [...part.matchAll(/\S/g)];
    if (before < letters.length || index === parts.length - 1) {
      const indent = ' '.repeat(letters[before]?.index ?? part.length);
      return parts.toSpliced(index + 1, 0, `${indent}^`);
    }
    before -= letters.length;
  }
  return parts;
}

function broken(text: string, width: number): string[] {
  const least = (/^ */.exec(text)?.[0].length ?? 0) + 2;
  const hang = hangOf(text, width) ?? least;
  const lines: string[] = [];
  let line = '';
  for (const { gap, word, isInCommand } of wordsOf(text, width - hang)) {
    const end = isInCommand ? ' \\' : '';
    const room = width - (isInCommand ? 2 : 0);
    if (line.trim() === '' || widthOf(line + gap + word) < room) {
      line += gap + word;
      continue;
    }
    const indent = [hang, least].find((columns) => columns + widthOf(word) < width);
    // On a line of its own it would be no less broken.
    if (indent === undefined && !word.includes(' ')) {
      line += gap + word;
      continue;
    }
    lines.push(line + end);
    line = ' '.repeat(indent ?? least) + word;
  }
  return [...lines, line];
}

/** Where the last column begins that leaves enough room. */
function hangOf(text: string, width: number): number | undefined {
  const plain = stripVTControlCharacters(text);
  const columns = [...plain.matchAll(/(?<=\S) {2,}(?=\S)/g)].map(
    ({ index, 0: gap }) => index + gap.length,
  );
  return columns.findLast((column) => column <= width * 0.6);
}

interface Word {
  /** The spaces before it. */
  gap: string;
  word: string;
  /** Where a break before it must be escaped. */
  isInCommand: boolean;
}

/** @param room for a command on a line of its own */
function wordsOf(text: string, room: number): Word[] {
  const program = shellCommand('').trim();
  const words: Word[] = [];
  let at = 0;
  while (at < text.length) {
    const gap = /^ */.exec(text.slice(at))?.[0] ?? '';
    const rest = text.slice(at + gap.length);
    const command = rest.startsWith(`${program} `) ? commandIn(rest) : undefined;
    if (command !== undefined && widthOf(command) < room) {
      words.push({ gap, word: command, isInCommand: false });
      at += gap.length + command.length;
    } else if (command?.includes(' --') === true) {
      for (const [index, part] of command.split(/ (?=--)/).entries()) {
        words.push({ gap: index === 0 ? gap : ' ', word: part, isInCommand: index > 0 });
      }
      at += gap.length + command.length;
    } else {
      const word = /^\S*/.exec(rest)?.[0] ?? '';
      words.push({ gap, word, isInCommand: false });
      at += gap.length + word.length;
    }
  }
  return words;
}

/** A command at the beginning of a text: up to what separates it from the next, or to the end. */
function commandIn(text: string): string {
  return /^.*?(?=[,;]? (?:then|or|and) | {2}|$)/.exec(text)?.[0] ?? text;
}
