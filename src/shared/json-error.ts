/** A syntax error of a JSON text, without a piece of the text: that could hold a secret. */
export interface JsonError {
  /** Offset in characters. */
  offset: number;
  message: string;
}

/** Where and why a text is not JSON; undefined if it is. */
export function jsonErrorOf(text: string): JsonError | undefined {
  const thrown = parseMessage(text);
  if (thrown === undefined) return undefined;
  const reason = thrown.split(/ in JSON|, ("|\.\.\.)| is not valid JSON/)[0] ?? thrown;
  return { offset: offsetOf(text, thrown, reason), message: `malformed JSON: ${reason}` };
}

function offsetOf(text: string, thrown: string, reason: string): number {
  const given = /at position (\d+)/.exec(thrown)?.[1];
  if (given !== undefined) return Number(given);
  if (!reason.startsWith('Unexpected token')) return text.length;
  // V8 gives no position here. The parser reads from left to right, so the shortest prefix that
  // fails in the same way ends with the token.
  let [fails, passes] = [text.length, 0];
  while (fails - passes > 1) {
    const middle = Math.floor((fails + passes) / 2);
    if (parseMessage(text.slice(0, middle))?.startsWith(reason) === true) fails = middle;
    else passes = middle;
  }
  return passes;
}

function parseMessage(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
