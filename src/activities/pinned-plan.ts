import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BuiltPlan, Plan } from '../config/plan.js';
import { loadDestination } from '../destinations/registry.js';
import { failure } from '../shared/failures.js';
import type { ReadRunInput } from '../config/run-input.js';
import { storePaths, type LocalStore } from '../store/local-store.js';

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
  const canonicalJson = await readPinned(store, sha256);
  const plan = JSON.parse(canonicalJson) as Plan;
  const context = { root, storeId: store.id };
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
    args: (input.args ?? {}) as BuiltPlan['args'],
    profiles: input.profile === undefined ? null : resolve(root, input.profile),
    // A plan says what a run does, not where: the input that repeats it says that.
    runner: 'local',
    launch: {},
  };
}

async function readPinned(store: LocalStore, sha256: string): Promise<string> {
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw failure('ConfigError', `\`plan\` must be a sha256 of 64 digits, got \`${sha256}\``);
  }
  const file = storePaths.plan(store, sha256);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const message =
      `the plan ${sha256.slice(0, 12)}… is not in the store ${store.id} (${store.root} on ` +
      `${store.host}): name the store that has it as \`store\`, or run the config again`;
    throw failure('StoreUnavailable', message, { cause: String(error) });
  });
  const found = createHash('sha256').update(text).digest('hex');
  if (found === sha256) return text;
  throw failure('ConfigError', `${file} was changed after it was pinned: its sha256 is ${found}`);
}
