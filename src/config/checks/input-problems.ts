import type { z } from 'zod';
import type { LoadedConfig } from '../document/document.js';
import { problemsOf } from './issues.js';
import { formatPath, type Problem } from '../document/problems.js';
import type { JsonSchema } from '../values/schema-walk.js';
import { shortened } from '../values/values.js';

/**
 * What is wrong with data that stands in no file (a run's input, options of the command line), in
 * the words that a config gets.
 * @param origin what is shown in place of a file's name: `the run's input`
 */
export function inputProblems(
  issues: readonly z.core.$ZodIssue[],
  { origin, value, schema }: { origin: string; value: unknown; schema: () => JsonSchema },
): Problem[] {
  return problemsOf(issues, {
    loaded: withoutFile(origin, value),
    value,
    base: [],
    schema,
    hint: () => undefined,
  });
}

/** Data without a file, for what asks for places. */
function withoutFile(origin: string, value: unknown): LoadedConfig {
  return {
    file: origin,
    path: '',
    value,
    problem: (path, message) => ({
      file: origin,
      line: 0,
      column: 0,
      path: formatPath(path),
      message: shortened(message, 1000),
    }),
  };
}
