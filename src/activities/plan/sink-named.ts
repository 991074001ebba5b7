import type { Plan, PlannedSink } from '../../config/plan/plan-types.js';
import { failure } from '../../shared/failures.js';

/** @throws `InternalError` for a sink that the plan has not */
export function sinkNamed({ sinks }: Plan, name: string): PlannedSink {
  const sink = sinks.find((candidate) => candidate.name === name);
  if (!sink) throw failure('InternalError', `the plan has no sink \`${name}\``);
  return sink;
}
