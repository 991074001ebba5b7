import type { Rule } from './rule.js';
import { ends } from './rules/ends.js';
import { launches } from './rules/launches.js';
import { results } from './rules/results.js';
import { signals } from './rules/signals.js';

/** Everything that every runner must do, by what it is about; what takes longest is begun first. */
export const rules: Record<string, readonly Rule[]> = { signals, launches, ends, results };
