import type { RunRequest } from '../../client/index.js';

/** The steps in the order of the config, where it is known. */
export type KnownSteps = RunRequest['steps'];
