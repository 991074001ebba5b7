import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json: the clone, or the installed package. */
export const packageRoot = findPackageRoot(dirname(fileURLToPath(import.meta.url)));

/**
 * Where programs are kept that the set-up downloaded or built: `BEAMLINE_CACHE`, else `beamline` in
 * the user's cache. `scripts/provision/paths.py` decides in the same way.
 */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return (
    env['BEAMLINE_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'beamline')
  );
}

/** The version of a tool that the set-up installs: `beamline.tools` in package.json. */
export function pinnedVersion(tool: 'temporal-cli' | 'temporal-test-server'): string {
  const document = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    beamline: { tools: Record<string, string> };
  };
  const version = document.beamline.tools[tool];
  if (version === undefined) throw new Error(`package.json: beamline.tools has no "${tool}"`);
  return version;
}

function findPackageRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  if (dirname(folder) === folder) throw new Error('package.json was not found above this program');
  return findPackageRoot(dirname(folder));
}
