import { Option } from 'commander';
import { argOption, profileOption } from './args-option.js';
import { launchOptions, runnerOption } from './launch-options.js';
import { windowOption } from './window-option.js';

/** Every option of `beamline run`: other commands and hints repeat them. */
export function runOptions(): Option[] {
  return [
    argOption(),
    profileOption(),
    runnerOption(),
    new Option('--wait', 'wait for the end (the default)').conflicts('detach'),
    new Option('--detach', 'start the run, print its key and return'),
    windowOption(),
    new Option(
      '--again',
      'publish a window although it, or a part of it, was published before, or a later one',
    ),
    new Option('--task-queue <name>', "the workers' task queue (default: beamline)"),
    new Option(
      '--allow-plaintext-profile',
      'let a job on Dataflow read connection profiles with passwords in plain text',
    ),
    ...launchOptions(),
  ];
}
