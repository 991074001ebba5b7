import type { Destination } from '../../destinations/destination.js';
import type { ModuleEntry } from './catalogue.js';
import type { Problem } from '../document/problems.js';
import type { Step } from '../envelope/steps.js';

/** The module of a step; undefined (and a problem) if there is none of that name. */
export interface FoundModules {
  entries: Map<Step, ModuleEntry>;
  destinations: Map<Step, Destination>;
  problems: Problem[];
}
