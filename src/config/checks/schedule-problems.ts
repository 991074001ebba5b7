import { resolveArgs, type ResolvedArgs } from './arguments.js';
import type { LoadedConfig } from '../document/document.js';
import type { Problem } from '../document/problems.js';
import { isMapping, own, valueAt } from '../values/values.js';

/** What is wrong with the arguments that a config's scheduled runs get. */
export function scheduleProblems(loaded: LoadedConfig): Problem[] {
  const schedule = valueAt(loaded.value, ['schedule']);
  if (!isMapping(schedule) || String(schedule['enable']) === 'false') return [];
  const given = isMapping(schedule['args']) ? schedule['args'] : {};
  const known = messagesOf(resolveArgs(loaded, {}));
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(given)) {
    const own = messagesOf(resolveArgs(loaded, { [name]: value }));
    for (const message of own.filter((text) => !known.includes(text))) {
      problems.push(loaded.problem(['schedule', 'args', name], message, 'key'));
    }
  }
  const { missing, types } = resolveArgs(loaded, given);
  for (const name of missing) {
    const message =
      `argument \`${name}\` (${own(types, name) ?? 'string'}) has no default, and a scheduled run ` +
      `is given none; set \`schedule.args.${name}\`, or a default`;
    problems.push(loaded.problem(['schedule', 'args'], message, 'key'));
  }
  return problems;
}

function messagesOf({ problems }: ResolvedArgs): string[] {
  return problems.map(({ message }) => message);
}
