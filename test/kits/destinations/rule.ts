import type {
  Destination,
  OnSchemaChange,
  SinkMode,
} from '../../../src/destinations/destination.js';
import type { Fault } from './naive.js';
import type { KitPlace } from './place.js';

/** One thing that every destination must do. */
export interface Rule {
  name: string;
  /** What a member may deny: then the rule does not apply, and the config is refused. */
  needs: { modes?: readonly SinkMode[]; schemaChange?: OnSchemaChange };
  /** A wrong member that the rule must fail: see `naive.ts`. */
  fault: Fault;
  run(place: KitPlace): Promise<void>;
}

export function rule(
  name: string,
  fault: Fault,
  run: Rule['run'],
  needs: Rule['needs'] = {},
): Rule {
  return { name, fault, run, needs };
}

export function applies({ needs }: Rule, { modes, schemaChanges }: Destination): boolean {
  const { modes: wanted = [], schemaChange = 'fail' } = needs;
  return wanted.every((mode) => modes.includes(mode)) && schemaChanges.includes(schemaChange);
}
