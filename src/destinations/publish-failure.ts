import { ApplicationFailure } from '@temporalio/common';
import { failure, type FailureType } from '../shared/failures.js';
import { systemRefusals } from '../shared/system-errors.js';

const nothing = 'Nothing was written.';

/** Kinds of trouble by the code of a system call, or by the text that DuckDB makes of it. */
const kinds: { type: FailureType; codes: readonly string[]; text: RegExp; message: string }[] = [
  {
    type: 'StorageFull',
    ...systemRefusals.StorageFull,
    message: `no space is left. ${nothing} Free some space and run again.`,
  },
  {
    type: 'PermissionDenied',
    ...systemRefusals.PermissionDenied,
    message: `may not be written. ${nothing} Give the worker's user the right to write there.`,
  },
  {
    type: 'ConfigError',
    codes: ['ENOTDIR', 'EISDIR', 'EEXIST', 'ENAMETOOLONG', 'ELOOP'],
    text: /Not a directory|Is a directory|name too long|not a valid DuckDB database|database file with version number/i,
    message: `cannot be written: the path does not fit. ${nothing} Choose another one.`,
  },
  {
    type: 'DataError',
    codes: [],
    text: /^(Constraint|Conversion|Out of Range) Error|^Invalid Input Error: Invalid (string encoding|JSON) found in Parquet/,
    message: `does not accept the rows. ${nothing}`,
  },
  {
    type: 'ConfigError',
    codes: [],
    text: /^(Catalog|Binder|Dependency|Not implemented) Error/,
    message: `cannot be written as the config asks. ${nothing}`,
  },
];

/**
 * The failure of a publish that was rolled back, named by who must act.
 *
 * @param place what was written to, as a person would name it
 */
export function publishFailure(error: unknown, place: string, step?: string): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: unknown } | null)?.code;
  const kind = kinds.find(
    ({ codes, text: pattern }) =>
      (typeof code === 'string' && codes.includes(code)) || pattern.test(text),
  );
  const detail = { cause: text, ...(step === undefined ? {} : { step }) };
  if (!kind) return failure('InternalError', `${place}: ${text}`, detail);
  return failure(kind.type, `${place} ${kind.message} (${firstLine(text)})`, detail);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
