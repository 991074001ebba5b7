import { chmodSync, mkdirSync, statSync } from 'node:fs';

/** Tells the children what the user's own umask was. */
const variable = 'BEAMLINE_UMASK';

/**
 * From now on nobody but the user can read what this process and its children make: plans, logs and staged
 * rows may hold what the tables hold. Libraries write files of their own, so it is the umask that says it.
 * For the start of a program, before anything is written.
 */
export function keepStatePrivate(): void {
  const ofUser = process.umask(0o077);
  process.env[variable] ??= ofUser.toString(8);
}

/** Goes back to the user's own umask: for the process that writes the user's own data. */
export function followUmaskOfUser(): void {
  const ofUser = process.env[variable] ?? '';
  if (/^[0-7]{1,4}$/.test(ofUser)) process.umask(Number.parseInt(ofUser, 8));
}

/** The mode of a file that the user would make. */
export function publishedMode(): number {
  const mask = process.umask(0o077);
  process.umask(mask);
  return 0o666 & ~mask;
}

/** Makes a folder of state, or closes to others the one that an older version made. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(folder);
  if ((mode & 0o077) !== 0 && uid === process.geteuid?.()) chmodSync(folder, 0o700);
}
