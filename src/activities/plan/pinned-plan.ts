import { resolve } from 'node:path';
import { located } from '../../config/plan/located.js';
import type { BuiltPlan, PinnedPlan } from '../../config/plan/plan-types.js';
import { defaultRunner } from '../../runners/registry.js';
import { loadDestination } from '../../destinations/registry.js';
import type { ReadRunInput } from '../../config/settings/run-input.js';
import type { LocalStore } from '../../store/local-store.js';
import { readPinnedPlan } from '../../store/pinned-plans.js';

/**
 * Reads a plan that an earlier run pinned, instead of building one from the config, which may have
 * been edited since. Arguments are taken as recorded: the plan has them filled in.
 */
export async function loadPinnedPlan(
  store: LocalStore,
  root: string,
  sha256: string,
  input: ReadRunInput['input'],
): Promise<BuiltPlan> {
  const canonicalJson = await readPinnedPlan(store, sha256);
  const context = { root, storeId: store.id };
  const plan = await located(JSON.parse(canonicalJson) as PinnedPlan, context);
  const destinations = plan.sinks.map(async (sink) => ({
    sink: sink.name,
    module: sink.module,
    mode: sink.mode,
    on_empty: sink.on_empty,
    key: sink.destination,
    location: (await loadDestination(sink.module)).location(sink.parameters, context),
  }));
  return {
    plan,
    canonicalJson,
    sha256,
    destinations: await Promise.all(destinations),
    written: null,
    args: (input.args ?? {}) as BuiltPlan['args'],
    profiles: input.profile === undefined ? null : resolve(root, input.profile),
    // A plan says what a run does, not where: the input that repeats it says that.
    runner: defaultRunner,
    launch: {},
  };
}
