/** Status codes of gRPC (https://grpc.github.io/grpc/core/md_doc_statuscodes.html). */
export const grpcCodes = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unavailable: 14,
} as const;

/** The status code of a failed call, or of the error beneath it. */
export function codeOf(error: unknown): number | undefined {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === 'number') return code;
  return cause === undefined ? undefined : codeOf(cause);
}
