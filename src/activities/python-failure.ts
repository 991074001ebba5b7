import { z } from 'zod';
import { isFailureType, type FailureDetail, type FailureType } from '../shared/failures.js';

/** The `failure` document of the data plane (docs/contracts.md, section 3). */
export const pythonFailure = z.object({
  type: z.string(),
  message: z.string(),
  step: z.string().nullish(),
  cause: z.string().nullish(),
});
export type PythonFailure = z.infer<typeof pythonFailure>;

/** What a failure of ours is made from; a type that this version does not know is a defect. */
export function readPythonFailure({ type, message, step, cause }: PythonFailure): {
  type: FailureType;
  message: string;
  detail: Pick<FailureDetail, 'step' | 'cause'>;
} {
  return {
    type: isFailureType(type) ? type : 'InternalError',
    message,
    detail: { ...(step ? { step } : {}), ...(cause ? { cause } : {}) },
  };
}
