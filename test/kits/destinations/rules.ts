import type { Rule } from './rule.js';
import { columns } from './rules/columns.js';
import { commits } from './rules/commits.js';
import { modes } from './rules/modes.js';
import { order } from './rules/order.js';
import { windows } from './rules/windows.js';

/** Everything that every destination must do, by what it is about. */
export const rules: Record<string, readonly Rule[]> = { modes, commits, order, windows, columns };
