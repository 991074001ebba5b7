/** One thing that every member of a kit must do. */
export interface KitRule<Needs extends object, Fault, Place> {
  name: string;
  /** What a member may deny, or not be: then the rule does not apply. */
  needs: Partial<Needs>;
  /** A wrong member that the rule must fail: see the kit's `naive`. */
  fault: Fault;
  run(place: Place): Promise<void>;
}

type MakeRule<Needs extends object, Fault, Place> = (
  name: string,
  fault: Fault,
  run: KitRule<Needs, Fault, Place>['run'],
  needs?: Partial<Needs>,
) => KitRule<Needs, Fault, Place>;

/** How the rules of a kit are written. */
export function ruleMaker<Needs extends object, Fault, Place>(): MakeRule<Needs, Fault, Place> {
  return (name, fault, run, needs = {}) => ({ name, fault, run, needs });
}
