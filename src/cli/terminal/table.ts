import Table from 'cli-table3';

export type Alignment = 'left' | 'right';

const parts =
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right ' +
  'left left-mid mid mid-mid right right-mid';
const noLines = Object.fromEntries(parts.split(' ').map((part) => [part, '']));

/** A table without lines: a head, and cells that are aligned under it. */
export function tableLines(
  head: readonly { title: string; align?: Alignment }[],
  rows: readonly (readonly string[])[],
): string[] {
  const table = new Table({
    head: head.map(({ title }) => title),
    colAligns: head.map(({ align }) => align ?? 'left'),
    chars: { ...noLines, middle: '  ' },
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}
