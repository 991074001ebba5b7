import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import type { Publisher, PublishRequest } from '../../src/destinations/destination.js';
import { loadDestination } from '../../src/destinations/registry.js';
import { publishTask, type Publishing, type TestSink } from './support.js';

/** Opens a sink's destination in this process, for tests of very many publishes. */
export async function withPublisher<T>(
  { module, parameters, root, waitMs = 5000 }: TestSink,
  body: (publisher: Publisher) => Promise<T>,
): Promise<T> {
  const destination = await loadDestination(module);
  const context = { root, storeId: 'store' };
  const publisher = await destination.open(
    destination.parameters.parse(parameters),
    context,
    waitMs,
  );
  try {
    return await body(publisher);
  } finally {
    await publisher.close();
  }
}

export function requestOf(sink: TestSink, publishing: Publishing): PublishRequest {
  const { action } = publishTask(sink, publishing);
  assert.ok(action.kind === 'publish');
  return action.request;
}

/** The failure that a promise must end with. */
export async function failureOf(promise: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApplicationFailure, `no failure: ${String(error)}`);
  return error;
}
