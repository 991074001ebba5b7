import { relative } from 'node:path';
import { loadConfig, type LoadedConfig } from '../document/document.js';
import type { Plan, PlannedSource } from '../plan/plan-types.js';
import { problemAt, type Problem } from '../document/problems.js';
import {
  badSecretReferences,
  connectionAttributes,
  isCertificatePath,
  secretForm,
  tlsKeys,
} from '../checks/secrets.js';
import { isMapping, own } from '../values/values.js';

/** A plan that shall run on Dataflow. */
export interface JobPlan {
  plan: Pick<Plan, 'sources' | 'transforms' | 'job_sinks'>;
  /** Absolute path of the connection profiles; null if the plan uses none. */
  profiles: string | null;
}

/** Keys of the profiles that the steps of a plan use. */
export function usedProfiles({ sources, transforms, job_sinks = [] }: JobPlan['plan']): string[] {
  const keys = [...sources, ...transforms, ...job_sinks].map((step) => step.parameters['profile']);
  return [...new Set(keys.filter((key) => typeof key === 'string'))].toSorted();
}

/** Loads the profiles of a plan, so that problems are shown relative to the project root. */
export function loadJobProfiles(profiles: string, root: string): LoadedConfig {
  return loadConfig(profiles, { root, json: true, file: relative(root, profiles) });
}

/** The connection profiles that the steps of a plan use, and the file that they are in. */
export interface UsedProfiles {
  file: LoadedConfig;
  /** By key; one that is not there, or is no mapping, is left out. */
  profiles: [key: string, profile: Record<string, unknown>][];
}

/**
 * Loads the profiles that a plan uses; null if it has no file of them.
 * @throws `ConfigProblems` if the file cannot be read
 */
export function loadUsedProfiles({ plan, profiles }: JobPlan, root: string): UsedProfiles | null {
  if (profiles === null) return null;
  const file = loadJobProfiles(profiles, root);
  const all = isMapping(file.value) ? file.value : {};
  const used = usedProfiles(plan).flatMap((key): UsedProfiles['profiles'] => {
    const profile = own(all, key);
    return isMapping(profile) ? [[key, profile]] : [];
  });
  return { file, profiles: used };
}

/**
 * Passwords that a Dataflow job may not get: those that would be uploaded in plain text, and those
 * that only this machine can resolve. Shows no value.
 *
 * Other attributes of a profile are no secrets: their `${env:…}` and `${file:…}` are resolved on
 * this machine when the profile is uploaded.
 *
 * @param loaded the config; null if it is not at hand: then the problems name the source instead
 */
export function plaintextProfileProblems(
  loaded: LoadedConfig | null,
  { sources }: Pick<Plan, 'sources'>,
  used: UsedProfiles | null,
  allowPlaintext: boolean,
): Problem[] {
  const problems = sources.flatMap((source, index) => inlineProblems(loaded, source, index));
  if (used === null || allowPlaintext) return problems;
  const { file, profiles } = used;
  return [
    ...problems,
    ...profiles.flatMap(([key, profile]) => secretsProblems(file, key, profile)),
  ];
}

/** The password and the keys of one profile that would be uploaded in plain text. */
function secretsProblems(
  file: LoadedConfig,
  key: string,
  profile: Record<string, unknown>,
): Problem[] {
  return ['password', ...tlsKeys].flatMap((attribute) => {
    const why = whyNot(profile[attribute]);
    // A file that only this machine has is another matter.
    if (why === undefined || (attribute !== 'password' && isCertificatePath(profile[attribute])))
      return [];
    const message =
      `the ${attribute === 'password' ? 'password' : `\`${attribute}\``} of profile \`${key}\` ${why}: ` +
      `write \`${secretForm}\` in its place, or upload it in plain text with --allow-plaintext-profile`;
    return [file.problem([key, attribute], message)];
  });
}

/** Why a job may not get this password; undefined if it may. */
function whyNot(password: unknown): string | undefined {
  if (password === undefined || password === null || password === '') return undefined;
  const text = typeof password === 'string' ? password : '';
  const local = /^\$\{(env|file):[^{}]*\}$/.exec(text)?.[0];
  if (local !== undefined) return `is \`${local}\`, which a Dataflow job cannot resolve`;
  const isSecret = /^\$\{secret:[^{}]*\}$/.test(text) && badSecretReferences(text).length === 0;
  return isSecret ? undefined : 'would be uploaded in plain text';
}

/** Attributes in the config itself: the plan is uploaded as it is, so nothing can be resolved. */
function inlineProblems(
  loaded: LoadedConfig | null,
  { name, parameters }: PlannedSource,
  index: number,
): Problem[] {
  return connectionAttributes.flatMap((attribute) => {
    const value = parameters[attribute];
    const [local] = typeof value === 'string' ? (/\$\{(env|file):[^{}]*\}/.exec(value) ?? []) : [];
    if (local === undefined) return [];
    const instead =
      attribute === 'password' ? `\`${secretForm}\`` : `the value or \`${secretForm}\``;
    const message =
      `a Dataflow job cannot resolve \`${local}\`: write ${instead} in its place, ` +
      `or use \`profile\` with a connection profile (source \`${name}\`)`;
    return [problemAt(loaded, ['sources', index, 'parameters', attribute], message)];
  });
}
