import { runnerNames } from './registry.js';

/** Loads a part of a runner: the export `part` of its file of that name. */
export async function loadRunnerPart<T>(
  name: string,
  part: 'activities' | 'target' | 'service',
): Promise<T> {
  if (!runnerNames.includes(name)) {
    throw new Error(`no runner is named \`${name}\` (${runnerNames.join(', ')})`);
  }
  const module = (await import(`./${name}/${part}.js`)) as Record<string, T>;
  const loaded = module[part];
  if (loaded === undefined) throw new Error(`runner \`${name}\` exports no \`${part}\``);
  return loaded;
}
