import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheDirectory, pinnedVersion } from './tools.js';

/** Thrown when there is no Temporal CLI, or `TEMPORAL_CLI` names something else; says what to do. */
export class TemporalCliMissing extends Error {
  override name = 'TemporalCliMissing';
}

/**
 * The path of the Temporal CLI, which has the dev server in it: `TEMPORAL_CLI`, else `temporal` on
 * PATH, else the one that the set-up put into the cache.
 *
 * @throws {@link TemporalCliMissing}
 */
export function findTemporalCli(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['TEMPORAL_CLI'];
  if (named) {
    if (isProgram(named)) return named;
    throw new TemporalCliMissing(`TEMPORAL_CLI is \`${named}\`, which is not a program`);
  }
  const version = pinnedVersion('temporal-cli');
  const candidates = [
    ...(env['PATH'] ?? '').split(delimiter).map((folder) => join(folder || '.', 'temporal')),
    join(cacheDirectory(env), `temporal-${version}`, 'temporal'),
  ];
  const found = candidates.find(isProgram);
  if (found !== undefined) return found;
  throw new TemporalCliMissing(
    `no Temporal CLI on PATH or in ${cacheDirectory(env)}: in a clone, run \`scripts/setup temporal\`; ` +
      `else install it (docs.temporal.io/cli) or name it in TEMPORAL_CLI`,
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
