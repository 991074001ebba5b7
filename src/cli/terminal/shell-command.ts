import { basename, delimiter, dirname, relative, resolve } from 'node:path';

/** The project root as it was typed: a hint that lacked it would be of another project. */
let typedRoot: string | undefined;

/** From now on hints name this project root. @param root as it was typed; undefined if it was not */
export function nameRootInHints(root: string | undefined): void {
  typedRoot = root;
}

/**
 * A command of ours that a person can paste: `beamline …`, or the script of a clone as they called
 * it (`./beamline` says so in `BEAMLINE_COMMAND`), unless that is found on PATH.
 *
 * @param rest words that are quoted already; see {@link commandOf}
 */
export function shellCommand(rest: string, env: NodeJS.ProcessEnv = process.env): string {
  const called = env['BEAMLINE_COMMAND'] ?? '';
  const isOnPath = (env['PATH'] ?? '').split(delimiter).includes(dirname(called));
  const program = called === '' || isOnPath ? basename(called || 'beamline') : shellWord(called);
  const root = typedRoot === undefined ? '' : ` --root ${shellWord(typedRoot)}`;
  return `${program}${root} ${rest}`;
}

/** A command of ours from its words, each of which is quoted where it must be. */
export function commandOf(...words: readonly string[]): string {
  return shellCommand(words.map(shellWord).join(' '));
}

/** One word of a shell's command line, quoted where it must be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A path as a person here would type it: relative to this folder if it is in it. */
export function typedPath(path: string): string {
  const way = relative('', path);
  const typed = way === '' || way.startsWith('..') ? path : way;
  return typed.startsWith('-') ? `./${typed}` : typed;
}

/** The same of a path of a run's input, which is relative to the project root. */
export function typedProjectPath(path: string): string {
  return typedPath(resolve(typedRoot ?? '', path));
}
