import type { LaunchOptions } from '../../shared/run/job.js';

/**
 * Launch options of several origins, the least important first: a later value replaces an earlier
 * one; labels and pipeline options are merged name by name.
 */
export function mergeLaunch(...layers: readonly LaunchOptions[]): LaunchOptions {
  return layers.reduce<LaunchOptions>((merged, layer) => {
    const options = { ...merged, ...layer };
    for (const name of ['additionalUserLabels', 'additionalPipelineOptions'] as const) {
      const below = merged[name];
      const above = layer[name];
      if (below !== undefined && above !== undefined) options[name] = { ...below, ...above };
    }
    return options;
  }, {});
}
