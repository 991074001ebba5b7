import type { Rule } from './rule.js';
import { ends } from './rules/ends.js';
import { launches } from './rules/launches.js';
import { results } from './rules/results.js';
import { signals } from './rules/signals.js';

/** Everything that every runner must do, by what it is about. */
export const rules: Record<string, readonly Rule[]> = { launches, ends, signals, results };
