import { distance } from 'fastest-levenshtein';
import { shortened } from './values.js';

/** Longer words are no typing errors, and comparing them takes time. */
const longestWord = 100;
/** So many allowed words are looked at. */
const mostAllowed = 1000;

/** The allowed word a person most likely meant, or undefined if none is close. */
export function nearMiss(word: string, allowed: Iterable<string>): string | undefined {
  if (word.length > longestWord) return undefined;
  const wanted = plain(word);
  const limit = mostEdits(wanted.length);
  let best: { candidate: string; edits: number } | undefined;
  let looked = 0;
  for (const candidate of allowed) {
    if (++looked > mostAllowed) break;
    const other = plain(candidate.slice(0, 2 * longestWord));
    // Each edit changes the length by one at most.
    if (Math.abs(other.length - wanted.length) > limit) continue;
    const edits = editsBetween(wanted, other);
    if (edits <= limit && (best === undefined || edits < best.edits)) best = { candidate, edits };
  }
  return best?.candidate;
}

/** `; did you mean `x`? (a, b, c)`: the near miss and the allowed words, as the end of a message. */
export function suggestion(word: string, allowed: readonly string[]): string {
  const near = nearMiss(word, allowed);
  const meant = near === undefined ? '' : `; did you mean \`${near}\`?`;
  return allowed.length === 0 ? meant : `${meant} (${shortList(allowed)})`;
}

/** At most twelve words, and how many more there are. */
export function shortList(words: readonly string[]): string {
  const shown = words
    .slice(0, 12)
    .map((word) => shortened(word))
    .join(', ');
  return words.length > 12 ? `${shown} and ${words.length - 12} more` : shown;
}

/** A quarter of a word, three at most: what is farther away is another word. */
function mostEdits(length: number): number {
  return Math.min(3, Math.max(1, Math.ceil(length / 4)));
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
