import { isNamed } from '../../shared/form.js';
import type { StepProgress } from '../../shared/run/progress.js';

/** The steps that a heartbeat or a status names; nothing of what is not of the form that ours have. */
export function readSteps(steps: unknown): Record<string, StepProgress> {
  if (!isNamed(steps)) return {};
  return Object.fromEntries(
    Object.entries(steps).flatMap(([name, step]) => (isStep(step) ? [[name, step]] : [])),
  );
}

function isStep(step: unknown): step is StepProgress {
  return isNamed(step) && typeof step['kind'] === 'string' && typeof step['rows'] === 'number';
}
