import { optionsOf, runnerNames } from '../../../src/runners/registry.js';
import type { RunnerOptions } from '../../../src/runners/runner.js';
import { kitPage, topicsOf } from '../page.js';
import { choices } from './choices.js';
import { memberOf, type KitMember } from './member.js';
import { applies } from './rule.js';
import { rules } from './rules.js';

interface Column {
  options: RunnerOptions;
  /** Null: it has no places in the kit. */
  member: KitMember | null;
}

/** Which rule of the kit runs for which runner: `docs/reference/kit-runners.md`. */
export async function kitTable(): Promise<string> {
  const members = await Promise.all(
    runnerNames.map(
      async (name) => [name, { options: optionsOf(name), member: await memberOf(name) }] as const,
    ),
  );
  return kitPage<Column>({
    kit: 'runners',
    about: [
      'What every runner must do ([kits.md](../kits.md)), and for which it runs: `ran` in each `make test`; `refused`: a run',
      'that asks for it is refused before it begins; `noted`: it is ignored, and the run says so.',
    ],
    members: new Map(members),
    tables: {
      choices: choices.map((choice) => ({
        name: choice.name,
        cell: ({ options }) => (choice.isTaken(options) ? 'taken' : choice.denied),
      })),
      ...topicsOf(rules, (rule, { member }: Column) => {
        if (member === null) return 'no places';
        return applies(rule, member.traits) ? 'ran' : 'not applicable';
      }),
    },
  });
}
