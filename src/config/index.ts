export { loadCatalogue, type Catalogue, type ModuleEntry } from './modules/catalogue.js';
export { columnProblems } from './plan/column-problems.js';
export type { StepColumns } from './plan/outlooks.js';
export { checkConfig, type CheckOptions, type CheckedConfig } from './check.js';
export { loadConfig, parseConfig, type LoadedConfig } from './document/document.js';
export { buildPlan, type PlanOptions } from './build-plan.js';
export type { BuiltPlan, Plan, PlannedDestination } from './plan/plan-types.js';
export { ConfigProblems, formatProblems, type Problem } from './document/problems.js';
export { findProfiles, loadProfiles, profileKeys } from './checks/profiles.js';
