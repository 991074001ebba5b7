import {
  sinkModes,
  onSchemaChanges,
  type Destination,
} from '../../../src/destinations/destination.js';
import { destinationNames, loadDestination } from '../../../src/destinations/registry.js';
import { kitPage, topicsOf } from '../page.js';
import { applies } from './rule.js';
import { rules } from './rules.js';

/** A choice of a sink that a destination may deny: then a config that asks for it is refused. */
export interface Choice {
  key: 'mode' | 'on_schema_change';
  value: string;
}

export const choices: readonly Choice[] = [
  ...sinkModes.map((value) => ({ key: 'mode' as const, value })),
  ...onSchemaChanges.map((value) => ({ key: 'on_schema_change' as const, value })),
];

export function takes({ modes, schemaChanges }: Destination, { key, value }: Choice): boolean {
  return (key === 'mode' ? modes : schemaChanges).some((taken) => taken === value);
}

/** Which rule of the kit runs for which destination: `docs/reference/kit-destinations.md`. */
export async function kitTable(): Promise<string> {
  const destinations = await Promise.all(destinationNames().map((name) => loadDestination(name)));
  return kitPage<Destination>({
    kit: 'destinations',
    about: [
      'What every destination must do ([kits.md](../kits.md)), and for which it runs: `ran` in each `make test`, against the',
      'real thing; `refused`: it is denied, and a config that asks for it is refused.',
    ],
    members: new Map(destinations.map((destination) => [destination.name, destination])),
    tables: {
      choices: choices.map((choice) => ({
        name: `\`${choice.key}: ${choice.value}\``,
        cell: (destination) => (takes(destination, choice) ? 'taken' : 'refused'),
      })),
      ...topicsOf(rules, (rule, destination: Destination) =>
        applies(rule, destination) ? 'ran' : 'not applicable',
      ),
    },
  });
}
