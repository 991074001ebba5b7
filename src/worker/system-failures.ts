import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { ApplicationFailure } from '@temporalio/common';
import { failure } from '../shared/failures.js';
import { systemRefusalOf } from '../shared/system-errors.js';

/** What a person does about each. */
const remedies = {
  StorageFull: 'no space is left on the disk of this worker; free some, then run again',
  PermissionDenied: 'this worker may not read or write there; check the owner and the mode',
} as const;

/**
 * Whatever an activity was doing: a full disk has one name, and a file that may not be written has one. Neither
 * is tried again, since no attempt helps.
 */
export const nameSystemFailures: ActivityInterceptorsFactory = () => ({
  inbound: {
    async execute(input, next) {
      try {
        return await next(input);
      } catch (error) {
        const type = error instanceof ApplicationFailure ? null : systemRefusalOf(error);
        if (type === null) throw error;
        const { path, message } = error as NodeJS.ErrnoException;
        const place = path === undefined ? '' : `${path}: `;
        throw failure(type, `${place}${remedies[type]}`, { cause: message });
      }
    },
  },
});
