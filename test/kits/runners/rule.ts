import { ruleMaker, type KitRule } from '../rule.js';
import type { Traits } from './member.js';
import type { Fault } from './naive/fault.js';
import type { KitPlace } from './place.js';

/** One thing that every runner must do. */
export type Rule = KitRule<Traits, Fault, KitPlace>;

export const rule = ruleMaker<Traits, Fault, KitPlace>();

export function applies({ needs }: Rule, traits: Traits): boolean {
  const isMissing = (need: keyof Traits): boolean => needs[need] === true && !traits[need];
  return !isMissing('adopts') && !isMissing('hears');
}
