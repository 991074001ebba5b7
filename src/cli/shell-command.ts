import { basename, delimiter, dirname, relative } from 'node:path';

/**
 * A command of ours that a person can paste: `beamline …`, or the script of a clone as they called
 * it (`./beamline` says so in `BEAMLINE_COMMAND`), unless that is found on PATH.
 */
export function shellCommand(rest: string, env: NodeJS.ProcessEnv = process.env): string {
  const called = env['BEAMLINE_COMMAND'] ?? '';
  const isOnPath = (env['PATH'] ?? '').split(delimiter).includes(dirname(called));
  return `${called === '' || isOnPath ? basename(called || 'beamline') : shellWord(called)} ${rest}`;
}

/** One word of a shell's command line, quoted where it must be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A path as a person here would type it: relative to this folder if it is in it. */
export function shellPath(path: string): string {
  const way = relative('', path);
  return shellWord(way === '' || way.startsWith('..') ? path : way);
}
