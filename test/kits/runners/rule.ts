import type { Traits } from './member.js';
import type { Fault } from './naive/fault.js';
import type { KitPlace } from './place.js';

/** One thing that every runner must do. */
export interface Rule {
  name: string;
  /** What a runner may not be: then the rule does not apply. */
  needs: Partial<Traits>;
  /** A wrong runner that the rule must fail: see `naive`. */
  fault: Fault;
  run(place: KitPlace): Promise<void>;
}

export function rule(
  name: string,
  fault: Fault,
  run: Rule['run'],
  needs: Rule['needs'] = {},
): Rule {
  return { name, fault, run, needs };
}

export function applies({ needs }: Rule, traits: Traits): boolean {
  const isMissing = (need: keyof Traits): boolean => needs[need] === true && !traits[need];
  return !isMissing('adopts') && !isMissing('hears');
}
