import {
  DefaultFailureConverter,
  defaultPayloadConverter,
  type FailureConverter,
  type Payload,
  type PayloadConverter,
  type ProtoFailure,
} from '@temporalio/common';
import { longestTexts } from './limits.js';
import { shortened } from './shortened.js';

/** Bytes of the details of one failure. */
const longestDetails = 65_536;
/** Lists and objects in one another, of a JSON value. */
const deepest = 500;
/** Characters of JSON, as bytes. */
const marks = {
  quote: 0x22,
  backslash: 0x5c,
  list: 0x5b,
  listEnd: 0x5d,
  object: 0x7b,
  objectEnd: 0x7d,
} as const;
/** Failures in a chain of causes. */
const longestChain = 10;

/**
 * Reads what anybody may have sent. A payload that cannot be decoded (of another encoding, no JSON, or nested so
 * deeply that no writer gets through it) is
 * read as `undefined`, as one that was not given: whoever takes an argument checks it anyway. An exception
 * here would fail the workflow task, again and again, for a signal that nobody can take back.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the SDK's signature
  fromPayload: <T>(payload: Payload): T => decoded(payload) as T,
};

function decoded(payload: Payload): unknown {
  if (isTooDeep(payload.data)) return undefined;
  try {
    return defaultPayloadConverter.fromPayload<unknown>(payload);
  } catch {
    return undefined;
  }
}

/** Whether lists and objects lie in one another deeper than {@link deepest}: read without recursion. */
function isTooDeep(data: Uint8Array | null | undefined): boolean {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < (data?.length ?? 0); at++) {
    const byte = data?.[at];
    if (isInText && byte === marks.backslash) at++;
    else if (byte === marks.quote) isInText = !isInText;
    else if (isInText) continue;
    else if (byte === marks.list || byte === marks.object) depth++;
    else if (byte === marks.listEnd || byte === marks.objectEnd) depth--;
    if (depth > deepest) return true;
  }
  return false;
}

/**
 * Keeps every failure that is recorded small, whoever made it: a message of megabytes does not fit into a
 * history, and the run that it is to end would go on failing. What carries a secret is redacted where the
 * failure is made, before it is shortened.
 */
class BoundedFailureConverter extends DefaultFailureConverter {
  override errorToFailure(error: unknown, converter: PayloadConverter): ProtoFailure {
    return bounded(super.errorToFailure(error, converter), longestChain, converter);
  }
}

export const failureConverter: FailureConverter = new BoundedFailureConverter();

function bounded(failure: ProtoFailure, left: number, converter: PayloadConverter): ProtoFailure {
  const { message, stackTrace, cause, applicationFailureInfo: info, ...rest } = failure;
  const payloads = info?.details?.payloads ?? [];
  const bytes = payloads.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
  const leftOut = { left_out: `${bytes} bytes of details` };
  return {
    ...rest,
    message: shortened(message ?? '', longestTexts.message),
    stackTrace: shortened(stackTrace ?? '', longestTexts.message),
    ...(cause && left > 1 ? { cause: bounded(cause, left - 1, converter) } : {}),
    ...(info
      ? {
          applicationFailureInfo: {
            ...info,
            ...(bytes > longestDetails
              ? { details: { payloads: [converter.toPayload(leftOut)] } }
              : {}),
          },
        }
      : {}),
  };
}
