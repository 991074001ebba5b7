import pLimit from 'p-limit';

/**
 * Does `body` for each item, so many at once. After a failure nothing more is begun, what was begun is
 * awaited, and the first failure is thrown.
 */
export async function bounded<T, R>(
  count: number,
  items: readonly T[],
  body: (item: T) => Promise<R>,
): Promise<R[]> {
  const limit = pLimit(count);
  const failures: unknown[] = [];
  const results: R[] = [];
  await Promise.all(
    items.map((item, index) =>
      limit(async () => {
        if (failures.length > 0) return;
        try {
          results[index] = await body(item);
        } catch (error) {
          failures.push(error);
        }
      }),
    ),
  );
  if (failures.length > 0) throw failures[0];
  return results;
}
