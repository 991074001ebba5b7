/** The gRPC statuses that the emulator answers with: number, and the HTTP status that stands for it. */
export const statuses = {
  CANCELLED: { grpc: 1, http: 499 },
  UNKNOWN: { grpc: 2, http: 500 },
  INVALID_ARGUMENT: { grpc: 3, http: 400 },
  DEADLINE_EXCEEDED: { grpc: 4, http: 504 },
  NOT_FOUND: { grpc: 5, http: 404 },
  ALREADY_EXISTS: { grpc: 6, http: 409 },
  PERMISSION_DENIED: { grpc: 7, http: 403 },
  RESOURCE_EXHAUSTED: { grpc: 8, http: 429 },
  FAILED_PRECONDITION: { grpc: 9, http: 400 },
  ABORTED: { grpc: 10, http: 409 },
  UNIMPLEMENTED: { grpc: 12, http: 501 },
  INTERNAL: { grpc: 13, http: 500 },
  UNAVAILABLE: { grpc: 14, http: 503 },
  UNAUTHENTICATED: { grpc: 16, http: 401 },
} as const;
export type Status = keyof typeof statuses;

/** A message of a type that `google.rpc.Status.details` carries, in its JSON form. */
export interface ErrorDetail {
  '@type': string;
  [field: string]: unknown;
}

/** What a call is refused with: a google.rpc.Status. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: Status,
    message: string,
    readonly details: readonly ErrorDetail[] = [],
  ) {
    super(message);
  }
}

/** Whether the text names a status. */
export function isStatus(text: string): text is Status {
  return Object.hasOwn(statuses, text);
}
