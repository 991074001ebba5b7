import type { LoadedConfig } from '../document/document.js';
import type { UsedProfiles } from './job-profiles.js';
import type { Plan } from '../plan/plan-types.js';
import { problemAt, type Problem } from '../document/problems.js';
import {
  certificateAttributes,
  isCertificatePath,
  secretForm,
  tlsKeys,
} from '../checks/secrets.js';

/** Files of certificates that a profile names and that would not travel with it. */
export function certificatePathProblems(
  loaded: LoadedConfig | null,
  { sources }: Pick<Plan, 'sources'>,
  used: UsedProfiles | null,
): Problem[] {
  const inline = sources.flatMap(({ parameters }, index) =>
    certificateAttributes.flatMap((attribute) => {
      const value = parameters[attribute];
      if (!isRelativePath(value)) return [];
      const path = ['sources', index, 'parameters', attribute];
      return [problemAt(loaded, path, message(attribute, value))];
    }),
  );
  if (used === null) return inline;
  const { file, profiles } = used;
  const ofProfiles = profiles.flatMap(([key, profile]) =>
    certificateAttributes.flatMap((attribute) => {
      const value = profile[attribute];
      return isRelativePath(value)
        ? [file.problem([key, attribute], message(attribute, value))]
        : [];
    }),
  );
  return [...inline, ...ofProfiles];
}

/** What only this machine has: not in the image of a job's workers, and not in a bucket. */
function isRelativePath(value: unknown): value is string {
  return isCertificatePath(value) && value !== '' && value !== 'system' && !/^\/|:\/\//.test(value);
}

function message(attribute: string, path: string): string {
  const instead = tlsKeys.some((name) => name === attribute)
    ? `\`${secretForm}\`, with the key itself in the secret`
    : `\`\${file:${path}}\` in a connection profile, so that its text travels, or \`${secretForm}\``;
  return (
    `\`${path}\` is a file of this machine, and a Dataflow job has no such file: write ${instead}, ` +
    'or a gs:// path, or the absolute path of a file in the image of the workers'
  );
}
