import { InvalidArgumentError, Option } from 'commander';

/** `--window START..END`: what a run reads of its incremental sources. */
export function windowOption(): Option {
  return new Option(
    '--window <start..end>',
    'what incremental sources read, from START to before END; either may be left out',
  ).argParser(windowOf);
}

function windowOf(text: string): { start?: string; end?: string } {
  const [start, end, ...more] = text.split('..').map((part) => part.trim());
  if (end === undefined || more.length > 0 || (!start && !end)) {
    throw new InvalidArgumentError('Write START..END, such as 2026-01-01..2026-02-01.');
  }
  return { ...(start ? { start } : {}), ...(end ? { end } : {}) };
}
