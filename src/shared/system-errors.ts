import type { FailureType } from './failure-types.js';

/** What the operating system refuses, by who must act: codes of system calls, and what libraries make of them. */
export const systemRefusals = {
  StorageFull: {
    codes: ['ENOSPC', 'EDQUOT', 'EFBIG'],
    text: /No space left on device|Disk quota exceeded|File too large/i,
  },
  PermissionDenied: {
    codes: ['EACCES', 'EPERM', 'EROFS'],
    text: /Permission denied|Operation not permitted|Read-only file system/i,
  },
} as const satisfies Partial<Record<FailureType, { codes: readonly string[]; text: RegExp }>>;

export type SystemRefusal = keyof typeof systemRefusals;

/** The refusal that an error of a system call is, by its code; null for every other error. */
export function systemRefusalOf(error: unknown): SystemRefusal | null {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  for (const type of ['StorageFull', 'PermissionDenied'] as const) {
    if (systemRefusals[type].codes.some((each) => each === code)) return type;
  }
  return null;
}
