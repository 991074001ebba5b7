/** Where a process, whose record that is, leaves how it ended. */
export function endOf(record: string): string {
  return `${record}.end`;
}
