import { resolve } from 'node:path';
import type { Command } from 'commander';

/** Options that every command takes. */
export interface Globals {
  /** Print one JSON document and nothing else on standard output. */
  json: boolean;
  /** The project root, absolute: relative paths in configs start here. */
  root: string;
  verbose: boolean;
}

/** Declares the options that every command takes. */
export function addGlobals(program: Command): void {
  program
    .option('--json', 'print one JSON document')
    .option('--root <dir>', 'project root, where relative paths in configs start', '.')
    .option('--verbose', 'print the whole error if something unexpected happens');
}

/** The values of those options for one command. */
export function globalsOf(command: Command): Globals {
  const { json, root, verbose } = command.optsWithGlobals<{
    json?: boolean;
    root: string;
    verbose?: boolean;
  }>();
  return { json: json === true, root: resolve(root), verbose: verbose === true };
}
