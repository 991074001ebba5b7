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
/** Failures in a chain of causes. */
const longestChain = 10;

/**
 * Reads what anybody may have sent. A payload that cannot be decoded (of another encoding, or no JSON) is
 * read as `undefined`, as one that was not given: whoever takes an argument checks it anyway. An exception
 * here would fail the workflow task, again and again, for a signal that nobody can take back.
 */
export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload<T>(payload: Payload): T {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch {
      return undefined as T;
    }
  },
};

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
