/**
 * A run key, a hash or an attempt that becomes a part of a path, as it is.
 * @throws `RangeError` if it could be more than one part of a path, or lead elsewhere
 */
export function plainName(name: string): string {
  if (isPlainName(name)) return name;
  const shown = JSON.stringify(name.slice(0, 60));
  throw new RangeError(
    `${shown} cannot name a file of a run: allowed are letters, digits, _ and -`,
  );
}

/** Whether {@link plainName} takes it: not everything in a folder or bucket of ours is ours. */
export function isPlainName(name: string): boolean {
  return /^[\w-]{1,128}$/.test(name);
}
