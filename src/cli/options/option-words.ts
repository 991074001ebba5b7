import type { Command, Option } from 'commander';

/** Values of options, by the name of their attribute. */
export type OptionValues = Readonly<Record<string, unknown>>;

/**
 * The words of a command line that give these options these values: what a command parses of them is
 * equal. A value that belongs to no option is left out.
 */
export function optionWords(options: readonly Option[], values: OptionValues): string[] {
  const given = new Map<string, string[]>();
  for (const option of options) {
    const name = option.attributeName();
    const words = wordsOf(option, values[name]);
    if (words.length > 0) given.set(name, words);
  }
  return [...given.values()].flat();
}

/** The options of a command that were given on its command line, not those that have a default. */
export function givenOptions(command: Command): OptionValues {
  const all: Record<string, unknown> = command.opts();
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => command.getOptionValueSource(name) === 'cli'),
  );
}

function wordsOf(option: Option, value: unknown): string[] {
  const flag = option.long ?? option.short ?? '';
  if (value === undefined || value === null) return [];
  if (typeof value === 'boolean') return value === !option.negate ? [flag] : [];
  if (option.negate) return [];
  if (Array.isArray(value)) return value.flatMap((each) => [flag, String(each)]);
  if (typeof value === 'string' || typeof value === 'number') return [flag, String(value)];
  if (isWindow(option)) {
    const { start = '', end = '' } = value as { start?: string; end?: string };
    return [flag, `${start}..${end}`];
  }
  return Object.entries(value).flatMap(([name, each]) => [flag, `${name}=${String(each)}`]);
}

function isWindow({ long }: Option): boolean {
  return long === '--window';
}
