import { z } from 'zod';
import { isFailureType, type FailureDetail, type FailureType } from '../../shared/failures.js';

/** The `failure` document of the data plane (docs/contracts.md, section 3). */
export const pythonFailure = z.object({
  type: z.string(),
  message: z.string(),
  step: z.string().nullish(),
  cause: z.string().nullish(),
  /** Absent in what older versions wrote: then the type says it. */
  retryable: z.boolean().optional(),
});
export type PythonFailure = z.infer<typeof pythonFailure>;

/** What a failure of ours is made from; a type that this version does not know is a defect. */
export function readPythonFailure({ type, message, step, cause, retryable }: PythonFailure): {
  type: FailureType;
  message: string;
  detail: Pick<FailureDetail, 'step' | 'cause'>;
  /** False where another attempt would do the same again, though its type may be retried. */
  mayPass: boolean;
} {
  return {
    mayPass: retryable !== false,
    type: isFailureType(type) ? type : 'InternalError',
    message,
    detail: { ...(step ? { step } : {}), ...(cause ? { cause } : {}) },
  };
}
