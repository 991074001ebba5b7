import type { ReceiptSink, ReceiptWrite } from './receipt.js';

/** What a run that did not succeed has published, in sentences: the same wherever it is said. */
export function publishedFacts(sinks: readonly Pick<ReceiptSink, 'name' | 'state'>[]): string {
  const names = (...states: ReceiptSink['state'][]): string =>
    sinks
      .filter(({ state }) => states.includes(state))
      .map(({ name }) => name)
      .join(', ');
  const [published, uncertain] = [names('published'), names('uncertain')];
  if (published + uncertain === '') return 'Nothing was published.';
  const untouched = names('unpublished', 'kept');
  return [
    ...(published === '' ? [] : [`Published: ${published}.`]),
    ...(uncertain === '' ? [] : [`Begun, and perhaps published: ${uncertain}.`]),
    ...(untouched === '' ? [] : [`Untouched: ${untouched}.`]),
  ].join(' ');
}

/** What its sinks in the job wrote; nothing takes that back. Empty if they wrote nothing. */
export function writtenFacts(written: readonly ReceiptWrite[] = []): string {
  const facts = written.flatMap(({ name, state, idempotence }) => {
    if (state === 'unwritten') return [];
    const what = state === 'written' ? 'wrote its rows' : 'may have written some of its rows';
    return [`${name} ${what} while the job ran (${idempotence}).`];
  });
  return facts.join(' ');
}

/**
 * A message without its claim that nothing was written, if a sink is `uncertain`: one attempt may say
 * so, and another one have committed.
 */
export function withoutClaim(
  message: string,
  sinks: readonly Pick<ReceiptSink, 'state'>[],
): string {
  if (sinks.every(({ state }) => state !== 'uncertain')) return message;
  return message
    .replaceAll(/ ?\bNothing was (?:written|published)\./g, '')
    .replace(/: nothing was written$/, '');
}
