import { distance } from 'fastest-levenshtein';

/** The allowed word a person most likely meant, or undefined if none is close. */
export function nearMiss(word: string, allowed: Iterable<string>): string | undefined {
  const wanted = plain(word);
  const ranked = [...allowed]
    .map((candidate) => ({ candidate, edits: editsBetween(wanted, plain(candidate)) }))
    .toSorted((a, b) => a.edits - b.edits);
  const best = ranked[0];
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  return best !== undefined && best.edits <= limit ? best.candidate : undefined;
}

/** `; did you mean `x`? (a, b, c)`: the near miss and the allowed words, as the end of a message. */
export function suggestion(word: string, allowed: readonly string[]): string {
  const near = nearMiss(word, allowed);
  const meant = near === undefined ? '' : `; did you mean \`${near}\`?`;
  return allowed.length === 0 ? meant : `${meant} (${shortList(allowed)})`;
}

/** At most twelve words, and how many more there are. */
export function shortList(words: readonly string[]): string {
  const shown = words.slice(0, 12).join(', ');
  return words.length > 12 ? `${shown} and ${words.length - 12} more` : shown;
}

/** Letters in another order count as one edit. */
function editsBetween(a: string, b: string): number {
  return a !== b && letters(a) === letters(b) ? 1 : distance(a, b);
}

function letters(word: string): string {
  return word.split('').toSorted().join('');
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_ ]/g, '');
}
