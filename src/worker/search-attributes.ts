import type { Connection } from '@temporalio/client';
import { searchAttributes } from '../shared/run/contract.js';

/** Temporal's number for a Keyword search attribute (temporal.api.enums.v1.IndexedValueType). */
const keyword = 2;

/** Thrown when the namespace lacks search attributes and this worker may not add them. */
export class SearchAttributesMissing extends Error {
  override readonly name = 'SearchAttributesMissing';
}

/**
 * Registers the search attributes that runs set, where they are missing: a run that sets an
 * unregistered one would fail its workflow tasks for ever.
 */
export async function registerSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<void> {
  const registered = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(searchAttributes)
    .map(({ name }) => name)
    .filter((name) => !(name in (registered.customAttributes ?? {})));
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
    });
  } catch (error) {
    if ((error as { code?: number }).code === 6) return; // ALREADY_EXISTS: another worker did it.
    throw new SearchAttributesMissing(
      `namespace ${namespace} lacks the search attributes ${missing.join(', ')} and they could not ` +
        `be added (${(error as Error).message}). Add them: ` +
        missing
          .map((name) => `temporal operator search-attribute create --name ${name} --type Keyword`)
          .join('; '),
      { cause: error },
    );
  }
}
