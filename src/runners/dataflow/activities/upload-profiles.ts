import { basename, relative, resolve } from 'node:path';
import { loadJobProfiles, usedProfiles, type JobPlan } from '../../../config/job/job-profiles.js';
import { ConfigProblems } from '../../../config/document/problems.js';
import { outsideRoots } from '../../../config/settings/roots.js';
import { isMapping, own } from '../../../config/values/values.js';
import { failure } from '../../../shared/failures.js';
import { profilesName } from '../../../shared/names.js';
import { NotRegular, readRegularText, TooLarge } from '../../../store/read-regular.js';

/**
 * The connection profiles that a job needs, as JSON: those that its plan uses and no others. What only
 * this machine can resolve (`${env:…}`, `${file:…}`) is resolved; `${secret:…}` stays, for the job.
 *
 * The caller has made sure that no password is resolved here unless that was allowed.
 * @returns null if the plan uses no profile
 * @throws `ResourceError`, without any value
 */
export async function profilesForJob(
  { plan, profiles }: JobPlan,
  root: string,
): Promise<string | null> {
  const keys = usedProfiles(plan);
  if (keys.length === 0) return null;
  if (profiles === null) {
    throw failure('ResourceError', `there are no connection profiles to find \`${keys[0]}\` in`);
  }
  const all = loadAll(profiles, root);
  // A file of that name is the host's owner's; of another one, whoever starts runs may have named it.
  const isOwn = basename(profiles).endsWith(profilesName.slice(1));
  const used: [string, unknown][] = [];
  for (const key of keys) {
    const profile = own(all, key);
    const where = `${relative(root, profiles)}: ${key}`;
    if (!isMapping(profile)) throw failure('ResourceError', `${where}: there is no such profile`);
    const resolved: [string, unknown][] = [];
    for (const [attribute, value] of Object.entries(profile)) {
      resolved.push([attribute, resolveHere(value, `${where}: ${attribute}`, root, isOwn)]);
    }
    used.push([key, Object.fromEntries(resolved)]);
  }
  return `${JSON.stringify(Object.fromEntries(used), null, 2)}\n`;
}

function loadAll(profiles: string, root: string): Record<string, unknown> {
  try {
    const { value } = loadJobProfiles(profiles, root);
    return isMapping(value) ? value : {};
  } catch (error) {
    if (error instanceof ConfigProblems) throw failure('ResourceError', error.message);
    throw error;
  }
}

/** A password, a key, a certificate: as `secrets.py` has it. */
const mostSecretBytes = 1 << 20;

/** Like `secrets.resolve` of the Python side. */
function resolveHere(value: unknown, where: string, root: string, isOwn: boolean): unknown {
  if (typeof value !== 'string') return value;
  return value.replaceAll(/\$\{(env|file):([^{}]+)\}/g, (_reference, kind: string, name: string) =>
    kind === 'env' ? variable(name.trim(), where) : fileText(name.trim(), where, { root, isOwn }),
  );
}

function variable(name: string, where: string): string {
  const value = process.env[name];
  if (value !== undefined) return value;
  throw failure('ResourceError', `${where}: the environment variable ${name} is not set`);
}

function fileText(
  name: string,
  where: string,
  { root, isOwn }: { root: string; isOwn: boolean },
): string {
  const outside = isOwn ? undefined : outsideRoots(name, root);
  if (outside !== undefined) throw failure('ResourceError', `${where}: ${outside}`);
  try {
    return readRegularText(resolve(root, name), mostSecretBytes).replace(/[\r\n]+$/, '');
  } catch (error) {
    const isKnown = error instanceof NotRegular || error instanceof TooLarge;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const reason = isKnown
      ? `it ${error.message}`
      : code.startsWith('ERR_ENCODING')
        ? 'it is not UTF-8 text'
        : code;
    throw failure('ResourceError', `${where}: the file ${name} cannot be read: ${reason}`);
  }
}
