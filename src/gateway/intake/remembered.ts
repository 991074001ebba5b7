/**
 * Asks at most once in `forMs`, however often it is called: calls meanwhile get the last answer, and calls
 * while it asks share one question. Whoever looks at a health page decides nothing about anybody's load.
 */
export function remembered<T>(
  forMs: number,
  ask: () => Promise<T>,
  now: () => number = Date.now,
): () => Promise<T> {
  let last: { at: number; answer: Promise<T> } | null = null;
  return () => {
    if (last !== null && now() - last.at < forMs) return last.answer;
    const asked = { at: now(), answer: ask() };
    last = asked;
    // Its time counts from the answer: a slow one is asked for once, too.
    const answered = () => (asked.at = now());
    asked.answer.then(answered, answered);
    return asked.answer;
  };
}
