import type { PublishOutlook } from '../../destinations/destination.js';
import type { StepColumns } from './column-problems.js';
import type { Plan, PlannedSink } from './plan-types.js';

/** A sink, its place in the config, and what a run is going to publish to it. */
export interface SinkOutlook {
  index: number;
  sink: PlannedSink;
  outlook: PublishOutlook;
}

/** What can be compared with the destinations as they are, before a row is read: sinks whose columns are known. */
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
