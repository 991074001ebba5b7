import { Option } from 'commander';
import { argOption, profileOption } from './args-option.js';
import { launchOptions, runnerOption } from './launch-options.js';
import { windowOption } from './window-option.js';

/** Headings of the options of `run` in its help; those of the launch stand below. */
const [what, where, wait] = ['What to read and publish:', 'Where it runs:', 'Whether to wait:'];

/** Every option of `beamline run`: other commands and hints repeat them. */
export function runOptions(): Option[] {
  return [
    argOption().helpGroup(what),
    profileOption().helpGroup(what),
    windowOption().helpGroup(what),
    new Option(
      '--again',
      'publish a window although it, or a part of it, was published before, or a later one',
    ).helpGroup(what),
    runnerOption().helpGroup(where),
    new Option('--task-queue <name>', "the workers' task queue (default: beamline)").helpGroup(
      where,
    ),
    new Option(
      '--allow-plaintext-profile',
      'let a job on Dataflow read connection profiles with passwords in plain text',
    ).helpGroup(where),
    new Option('--wait', 'wait for the end (the default)').conflicts('detach').helpGroup(wait),
    new Option('--detach', 'start the run, print its key and return').helpGroup(wait),
    ...launchOptions(),
  ];
}
