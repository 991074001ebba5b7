/**
 * Thrown for a message that cannot be an event of a job. The message says what is wrong and never
 * quotes the body: an event carries the job's pipeline options.
 */
export class MalformedEvent extends Error {
  override readonly name = 'MalformedEvent';
}

/** @throws {@link MalformedEvent} */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw new MalformedEvent(`${what} is not JSON`);
  }
}
