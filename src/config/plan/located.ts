import type { DestinationContext } from '../../destinations/destination.js';
import { loadDestination } from '../../destinations/registry.js';
import { readable } from '../../store/format-version.js';
import type { PinnedPlan, Plan } from './plan-types.js';

/** What is pinned of a plan: all but the names that its destinations have on one host. */
export function pinnedOf(plan: Plan): PinnedPlan {
  const sinks = plan.sinks.map((sink) => {
    const pinned: PinnedPlan['sinks'][number] = { ...sink };
    delete pinned.destination;
    return pinned;
  });
  return { ...plan, sinks };
}

/** A pinned plan with the names that its destinations have in that store and project. */
export async function located(pinned: PinnedPlan, context: DestinationContext): Promise<Plan> {
  readable(`the plan of \`${pinned.name}\``, pinned);
  const sinks = pinned.sinks.map(async ({ destination: known, ...sink }) => {
    if (known !== undefined) return { ...sink, destination: known };
    const destination = await loadDestination(sink.module);
    const key = destination.key(destination.parameters.parse(sink.parameters), context);
    return { ...sink, destination: key };
  });
  return { ...pinned, sinks: await Promise.all(sinks) };
}
