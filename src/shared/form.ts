/** An object with names, such as JSON has; not a list. */
export function isNamed(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text of 1 to `longest` characters. */
export function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= longest;
}

/** A text without blanks, control characters or anything beyond ASCII. */
export function isPlainText(value: unknown, longest: number): value is string {
  return isText(value, longest) && /^[\x21-\x7e]+$/.test(value);
}

/** Characters of a value as JSON; null for one that JSON cannot say, or that is nested too deeply. */
export function jsonLength(value: unknown): number | null {
  try {
    return JSON.stringify(value)?.length ?? 0;
  } catch {
    return null;
  }
}
