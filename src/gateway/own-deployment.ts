import { deploymentOf } from '../config/settings/deployment.js';
import type { Settings } from '../config/settings/settings.js';

/**
 * The deployment that this installation's jobs are labelled with; null if the settings name no
 * project: then jobs of any deployment are taken, and a job of another one finds no workflow here.
 */
export function ownDeployment({ deployment, project }: Settings, namespace: string): string | null {
  return project === undefined ? null : deploymentOf({ deployment, project, namespace });
}
