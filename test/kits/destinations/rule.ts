import type {
  Destination,
  OnSchemaChange,
  SinkMode,
} from '../../../src/destinations/destination.js';
import { ruleMaker, type KitRule } from '../rule.js';
import type { Fault } from './naive.js';
import type { KitPlace } from './place.js';

/** Where a member denies it, a config that asks for it is refused. */
export interface Needs {
  modes: readonly SinkMode[];
  schemaChange: OnSchemaChange;
}

/** One thing that every destination must do. */
export type Rule = KitRule<Needs, Fault, KitPlace>;

export const rule = ruleMaker<Needs, Fault, KitPlace>();

export function applies({ needs }: Rule, { modes, schemaChanges }: Destination): boolean {
  const { modes: wanted = [], schemaChange = 'fail' } = needs;
  return wanted.every((mode) => modes.includes(mode)) && schemaChanges.includes(schemaChange);
}
