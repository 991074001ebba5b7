import type { RunnerActivities } from '../../activities/runner-activities.js';
import { createRunBeam } from './run-beam.js';

export const activities: RunnerActivities = {
  ofStore: (deps) => ({ runBeam: createRunBeam(deps) }),
};
