import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { checkConfig, findProfiles, loadConfig, profileKeys } from '../../config/index.js';
import { suggestion } from '../../config/values/near-miss.js';
import { ofDemo } from '../../config/checks/profiles.js';
import { profilesName } from '../../shared/names.js';
import { askModule } from '../../process/ask-program.js';
import { pythonPath } from '../../process/python.js';
import { CliError, exitCodes } from '../terminal/errors.js';
import { shellCommand } from '../terminal/shell-command.js';

const testedConnection = z.object({
  key: z.string(),
  type: z.string().nullable(),
  ok: z.boolean(),
  cause: z
    .enum(['name_resolution', 'refused', 'timeout', 'authentication', 'no_such_database', 'other'])
    .nullable(),
  message: z.string(),
  seconds: z.number(),
});
/** What came of one profile. */
export type TestedConnection = z.infer<typeof testedConnection>;

const answer = z.union([
  z.object({ results: z.array(testedConnection) }),
  z.object({ error: z.string() }),
]);

export interface ChosenProfiles {
  /** Absolute path of the profiles. */
  file: string;
  /** Profiles to try; empty for all. */
  keys: string[];
}

/** Finds the profiles file, and checks that the wanted keys are in it. */
export async function chooseProfiles(
  keys: readonly string[],
  { profile, config, root }: { profile?: string; config?: string; root: string },
): Promise<ChosenProfiles> {
  const used = config === undefined ? [] : await profilesOf(config, root);
  const folders = [...(config === undefined ? [] : [dirname(resolve(config))]), root];
  const file = profile === undefined ? findProfiles(folders, root) : resolve(profile);
  if (file === undefined) {
    const places = [...new Set(folders)].join(' or ');
    const demos = [...keys, ...used].flatMap((key) => ofDemo(key) ?? []).slice(0, 1);
    throw new CliError([`there is no ${profilesName} in ${places}`, ...demos].join('; '), {
      exitCode: exitCodes.badInput,
      hint: `Write one, or name it: ${shellCommand('connections test --profile FILE')}`,
    });
  }
  const known = profileKeys(loadConfig(file, { root, file: profile ?? file, json: true }));
  for (const key of keys) {
    if (known.includes(key)) continue;
    throw new CliError(`no profile is named \`${key}\` in ${file}${suggestion(key, known)}`, {
      exitCode: exitCodes.badInput,
    });
  }
  if (keys.length === 0 && config !== undefined && used.length === 0) {
    throw new CliError(`${config} names no connection profile`, { exitCode: exitCodes.badInput });
  }
  return { file, keys: keys.length > 0 ? [...keys] : used };
}

/** Connects with each profile, from this machine. */
export async function testConnections(
  { file, keys }: ChosenProfiles,
  root: string,
): Promise<TestedConnection[]> {
  const wanted = keys.map((key) => `--key=${key}`);
  const asked = await askModule({
    python: pythonPath(),
    module: 'beam_pipeline.asked.check_connections',
    args: [`--profiles=${file}`, ...wanted],
    cwd: root,
  });
  const parsed = answer.safeParse(asked.document).data;
  if (parsed === undefined) {
    const { exitCode, stderr } = asked;
    throw new Error(
      `the connection test ended with exit code ${exitCode ?? '?'}: ${stderr.join('\n')}`,
    );
  }
  if ('error' in parsed) throw new CliError(parsed.error, { exitCode: exitCodes.badInput });
  return parsed.results;
}

/** Keys of the profiles that a config's steps use. */
async function profilesOf(config: string, root: string): Promise<string[]> {
  const loaded = loadConfig(resolve(config), { root, file: config });
  const { steps } = await checkConfig(loaded, { root });
  const keys = steps.map(({ parameters }) => parameters['profile']);
  return [...new Set(keys.filter((key): key is string => typeof key === 'string'))];
}
