/** Names that cross process boundaries: change one only with a replay test in hand. */
export const workflowType = 'runPipeline';
export const lockWorkflowType = 'destinationLock';
export const defaultTaskQueue = 'beamline';
/** A lock's workflow id is this and the hash of its destination. */
export const lockWorkflowPrefix = 'beamline.lock.';
/** Name of the connection profiles beside a config, or in the project root. */
export const profilesName = '.connections.json';
/** The one connection of `make demo`, and where its profile is, below the project root. */
export const demo = { profile: 'flights_db', profiles: '.beamline/demo/connections.json' } as const;

/** The task queue of the workers that see the disk of one local store. */
export function storeTaskQueue(taskQueue: string, storeId: string): string {
  return `${taskQueue}.${storeId}`;
}
