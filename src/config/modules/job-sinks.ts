import type { LoadedConfig } from '../document/document.js';
import type { Problem } from '../document/problems.js';
import type { Step } from '../envelope/steps.js';
import { sourcesOf } from '../plan/lineage.js';
import type { FoundModules } from './found-modules.js';

/** Keys of a sink that say how its destination is published. */
export const publishingKeys = [
  'mode',
  'merge_keys',
  'merge_order',
  'on_schema_change',
  'on_empty',
] as const;

/** The sinks that write inside the job: their modules are Python's. */
export function jobSinksOf({ entries }: FoundModules): Step[] {
  return [...entries.keys()].filter(({ kind }) => kind === 'sink');
}

/** The steps of a config without them. */
export function withoutJobSinks(steps: readonly Step[], modules: FoundModules): Step[] {
  return steps.filter((step) => step.kind !== 'sink' || !modules.entries.has(step));
}

/** What a sink in the job cannot have: it is not published, and remembers no window. */
export function jobSinkProblems(
  loaded: LoadedConfig,
  steps: readonly Step[],
  modules: FoundModules,
): Problem[] {
  const sinks = jobSinksOf(modules);
  const published = steps.filter((step) => step.kind === 'sink' && !sinks.includes(step));
  return sinks.flatMap((sink) => [
    ...publishingKeys
      .filter((key) => sink.raw[key] !== undefined)
      .map((key) => loaded.problem([...sink.path, key], notPublished(sink), 'key')),
    ...sourcesOf(sink, steps)
      .filter(({ raw }) => raw['incremental'] === true)
      .flatMap((source) => windowProblems(loaded, source, sink, { steps, published })),
  ]);
}

function windowProblems(
  loaded: LoadedConfig,
  source: Step,
  sink: Step,
  { steps, published }: { steps: readonly Step[]; published: readonly Step[] },
): Problem[] {
  const keeps = published.filter((other) => sourcesOf(other, steps).includes(source));
  const asked = source.parameters['destination_sink_name'];
  if (keeps.length > 0 && asked !== sink.name) return [];
  const path =
    asked === sink.name
      ? [...source.path, 'parameters', 'destination_sink_name']
      : [...source.path, 'incremental'];
  const others = keeps.map(({ name }) => `\`${name ?? ''}\``).join(', ');
  const message =
    `sink \`${sink.name ?? ''}\` writes while the job runs and remembers no window; ` +
    (keeps.length > 0
      ? `name one that is published: ${others}`
      : 'let the rows also reach a sink that is published, or read everything');
  return [loaded.problem(path, message)];
}

function notPublished({ module = '' }: Step): string {
  return `is for a sink that is published; module \`${module}\` writes while the job runs: remove it`;
}
