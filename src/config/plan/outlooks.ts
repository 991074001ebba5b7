import type { LoadedConfig } from '../document/document.js';
import type { ConfigPath } from '../values/config-path.js';
import { isMapping, valueAt } from '../values/values.js';
import type { PublishOutlook } from '../../destinations/destination.js';
import type { ManifestSink } from '../../shared/run/manifest.js';
import type { Plan, PlannedSink } from './plan-types.js';

/** The columns of steps by their name; a step whose columns are not known is missing. */
export type StepColumns = Record<string, ManifestSink['schema']>;

/** A sink, its place in the plan, and what a run is going to publish to it. */
export interface SinkOutlook {
  index: number;
  sink: PlannedSink;
  outlook: PublishOutlook;
}

/** Where a config has a sink of its plan, which leaves out those that write inside the job. */
export function sinkPath(loaded: LoadedConfig | null, name: string, index: number): ConfigPath {
  const sinks: unknown = valueAt(loaded?.value, ['sinks']);
  const found = Array.isArray(sinks)
    ? sinks.findIndex((sink: unknown) => isMapping(sink) && sink['name'] === name)
    : -1;
  return ['sinks', found < 0 ? index : found];
}

/** What is known before a row is read: of the sinks whose columns are. */
export function outlooksOf({ sinks }: Pick<Plan, 'sinks'>, steps: StepColumns): SinkOutlook[] {
  const found: SinkOutlook[] = [];
  for (const [index, sink] of sinks.entries()) {
    const { name, mode, merge = null, on_schema_change: onSchemaChange = 'fail' } = sink;
    const columns = Object.hasOwn(steps, sink.input) ? steps[sink.input] : undefined;
    if (columns === undefined) continue;
    const outlook = { sink: name, mode, columns, merge, onSchemaChange };
    found.push({ index, sink, outlook });
  }
  return found;
}
