export { destinationLock } from './locks/destination-lock.js';
export { reapOrphans } from './reap-orphans.js';
