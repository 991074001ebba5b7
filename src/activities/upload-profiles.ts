import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { loadJobProfiles, usedProfiles, type JobPlan } from '../config/job-profiles.js';
import { ConfigProblems } from '../config/problems.js';
import { isMapping, own } from '../config/values.js';
import { failure } from '../shared/failures.js';

/**
 * The connection profiles that a job needs, as JSON: those that its plan uses and no others. What only
 * this machine can resolve (`${env:…}`, `${file:…}`) is resolved; `${secret:…}` stays, for the job.
 *
 * The caller has made sure that no password is resolved here unless that was allowed.
 * @returns null if the plan uses no profile
 * @throws `ConfigError`, without any value
 */
export async function profilesForJob(
  { plan, profiles }: JobPlan,
  root: string,
): Promise<string | null> {
  const keys = usedProfiles(plan);
  if (keys.length === 0) return null;
  if (profiles === null) {
    throw failure('ConfigError', `there are no connection profiles to find \`${keys[0]}\` in`);
  }
  const all = loadAll(profiles, root);
  const used: [string, unknown][] = [];
  for (const key of keys) {
    const profile = own(all, key);
    const where = `${relative(root, profiles)}: ${key}`;
    if (!isMapping(profile)) throw failure('ConfigError', `${where}: there is no such profile`);
    const resolved: [string, unknown][] = [];
    for (const [attribute, value] of Object.entries(profile)) {
      resolved.push([attribute, await resolveHere(value, `${where}: ${attribute}`, root)]);
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
    if (error instanceof ConfigProblems) throw failure('ConfigError', error.message);
    throw error;
  }
}

/** Like `secrets.resolve` of the Python side. */
async function resolveHere(value: unknown, where: string, root: string): Promise<unknown> {
  if (typeof value !== 'string') return value;
  let text = '';
  let end = 0;
  for (const found of value.matchAll(/\$\{(env|file):([^}]+)\}/g)) {
    const [reference, kind, name = ''] = found;
    text += value.slice(end, found.index);
    text +=
      kind === 'env' ? variable(name.trim(), where) : await fileText(name.trim(), where, root);
    end = found.index + reference.length;
  }
  return text + value.slice(end);
}

function variable(name: string, where: string): string {
  const value = process.env[name];
  if (value !== undefined) return value;
  throw failure('ConfigError', `${where}: the environment variable ${name} is not set`);
}

async function fileText(name: string, where: string, root: string): Promise<string> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(
      await readFile(resolve(root, name)),
    );
    return text.replace(/[\r\n]+$/, '');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'it is not UTF-8 text';
    throw failure('ConfigError', `${where}: the file ${name} cannot be read: ${reason}`);
  }
}
