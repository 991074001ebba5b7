export { destinationLock } from './locks/destination-lock.js';
export { runPipeline } from './run-pipeline.js';
export { reapOrphans } from './reap-orphans.js';
