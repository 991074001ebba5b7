import { InvalidArgumentError, Option } from 'commander';
import {
  launchFields,
  type LaunchField,
  type LaunchFieldKind,
} from '../../config/envelope/launch-fields.js';
import { optionsOf, runnerNames } from '../../runners/registry.js';
import type { LaunchOptions } from '../../shared/run/job.js';
import { note } from '../terminal/output.js';

/** Heading of these options in the help. */
const launchable = runnerNames.filter((name) => optionsOf(name).takesLaunch);
export const launchHeading = `Launch options, for the runner ${launchable.join(', ')}:`;

/** `--runner NAME`. */
export function runnerOption(): Option {
  return new Option('--runner <name>', 'where Beam runs (default: the config says)').choices(
    runnerNames,
  );
}

/** A flag for each launch option, and one for each other name of it. */
export function launchOptions(): Option[] {
  return launchFields.flatMap((field) => {
    const { flag, alias, kind, description } = field;
    const options = [optionOf(flag, kind, sentence(description))];
    if (alias !== undefined) options.push(optionOf(alias, kind, `the same as ${flag}`));
    if (kind.type === 'flag') {
      options.push(new Option(flag.replace(/^--/, '--no-'), `the opposite of ${flag}`));
    }
    return options.map((option) => option.helpGroup(launchHeading));
  });
}

/** The launch options among the options of a command; undefined if none was given. */
export function launchOf(options: Readonly<Record<string, unknown>>): LaunchOptions | undefined {
  const given = launchFields.flatMap((field) => {
    const values = [field.flag, field.alias]
      .filter((flag) => flag !== undefined)
      .map((flag) => options[new Option(flag).attributeName()]);
    const value = values.find((candidate) => candidate !== undefined);
    return value === undefined ? [] : [[field.name, value] as const];
  });
  return given.length === 0 ? undefined : (Object.fromEntries(given) as LaunchOptions);
}

/** A runner may have no use for launch options: say so. */
export function noteUnused(runner: string, options: object): void {
  if (optionsOf(runner).takesLaunch || launchOf({ ...options }) === undefined) return;
  const others = launchable.map((name) => `\`--runner ${name}\``).join(', ');
  note(`note: launch options are for ${others}; this run is ${runner} and ignores them`);
}

function optionOf(flag: string, kind: LaunchField['kind'], description: string): Option {
  switch (kind.type) {
    case 'flag':
      return new Option(flag, description);
    case 'choice':
      return new Option(`${flag} <name>`, description).choices(kind.values);
    case 'count':
      return new Option(`${flag} <count>`, description).argParser((value) =>
        isCount(value, kind)
          ? Number(value)
          : invalid(`It must be a whole number, ${kind.minimum} to ${kind.maximum}.`),
      );
    case 'duration':
      return new Option(`${flag} <time>`, description);
    case 'text':
      return new Option(`${flag} <text>`, description).argParser((value) =>
        (kind.pattern ?? /./).test(value) ? value : invalid(`It must be ${kind.what}.`),
      );
    case 'texts':
      return new Option(`${flag} <text>`, `${description} (repeat for more)`).argParser(
        (value, sofar: string[] | undefined) => [...(sofar ?? []), value],
      );
    case 'labels':
    case 'options':
      return new Option(`${flag} <name=value>`, `${description} (repeat for more)`).argParser(
        (value, sofar: Record<string, string> | undefined) => {
          const at = value.indexOf('=');
          if (at < 1) return invalid('Write it as name=value.');
          return { ...sofar, [value.slice(0, at)]: value.slice(at + 1) };
        },
      );
  }
}

function isCount(
  text: string,
  { minimum, maximum }: Extract<LaunchFieldKind, { type: 'count' }>,
): boolean {
  return /^\d{1,9}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum;
}

function invalid(message: string): never {
  throw new InvalidArgumentError(message);
}

/** As the help writes: no capital, no full stop, no backticks. */
function sentence(description: string): string {
  const plain = description.replaceAll('`', '').replace(/\.$/, '');
  return /^[A-Z][a-z]/.test(plain) ? `${plain.charAt(0).toLowerCase()}${plain.slice(1)}` : plain;
}
