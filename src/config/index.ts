export { loadCatalogue, type Catalogue, type ModuleEntry } from './catalogue.js';
export { columnProblems, type StepColumns } from './column-problems.js';
export { checkConfig, type CheckOptions, type CheckedConfig } from './check.js';
export { loadConfig, parseConfig, type LoadedConfig } from './document.js';
export { buildPlan, type PlanOptions } from './plan.js';
export type { BuiltPlan, Plan, PlannedDestination } from './plan-types.js';
export { ConfigProblems, formatProblems, type Problem } from './problems.js';
export { findProfiles, loadProfiles, profileKeys } from './profiles.js';
