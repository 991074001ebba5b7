import { ApplicationFailure, log, patched } from '@temporalio/workflow';
import type { FailureType } from '../../shared/failures.js';
import { isNamed, jsonLength } from '../../shared/form.js';
import { longestInput } from '../../shared/limits.js';

/** A destination is named by paths, or by a table of a service. */
export const longestDestination = 8_192;
/** Regions that one reaping looks at. */
const mostRegions = 100;

/**
 * Whether today's rule is to be followed about something that is not as it must be. Workflows that took it
 * before there was the rule go on as they began; a right input or signal never asks, and costs nothing.
 */
export function isRefused(): boolean {
  return patched('checked-intake');
}

/** Notes that something was sent that has not the form it must have, and is taken no notice of. */
export function ignored(what: string): void {
  log.warn(`${what} was ignored: it has not the form that it must have`);
}

/** The end of a workflow whose input is wrong: at once, and with a reason. */
export function refusal(message: string): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'ConfigError' satisfies FailureType,
    message: `${message}. Nothing was published.`,
    nonRetryable: true,
    details: [{ outcome: 'failed' }],
  });
}

/** What of a run's input its workflow itself cannot work with; the rest is checked by `prepare`. */
export function runInputProblem(input: unknown): string | null {
  const origin = "the run's input";
  if (!isNamed(input)) {
    return `${origin} is ${nameOf(input)}; it is an object, such as {"config": "flights.yaml"}`;
  }
  const size = sizeProblem(origin, input);
  if (size !== null) return size;
  const { store } = input;
  if (store === undefined || store === null || store === '') return null;
  if (typeof store === 'string' && /^[\w.-]{1,63}$/.test(store)) return null;
  return `${origin}: \`store\` is no id of a store; it has at most 63 letters, digits, dots, _ and -`;
}

/**
 * What is wrong with the state that an execution is to go on with. Only an execution that continues
 * another has one: whoever starts a run could else name any file as its plan, profiles or staging.
 */
export function resumedProblem(resumed: unknown, isContinued: boolean): string | null {
  if (resumed === null) return null;
  if (!isContinued) return 'the workflow runPipeline takes one argument, its input';
  const prepared = isNamed(resumed) ? resumed['prepared'] : undefined;
  const isOurs =
    isNamed(prepared) &&
    /^[a-z2-7]{10}$/.test(String(prepared['runKey'])) &&
    /^[0-9a-f]{64}$/.test(String(prepared['planSha256'])) &&
    isNamed(prepared['store']) &&
    Array.isArray(prepared['sinks']);
  return isOurs ? null : 'the state that the run is to go on with is not one of a run';
}

/** What is wrong with the input of `reapOrphans`. */
export function reapInputProblem(input: unknown): string | null {
  const origin = 'the input of reapOrphans';
  if (!isNamed(input)) return `${origin} is ${nameOf(input)}; it is an object, or left out`;
  const size = sizeProblem(origin, input);
  if (size !== null) return size;
  const { jobs, clean, regions } = input;
  if (jobs !== undefined && jobs !== 'cancel' && jobs !== 'drain') {
    return `${origin}: \`jobs\` is \`cancel\` or \`drain\`, or left out`;
  }
  if (clean !== undefined && typeof clean !== 'boolean') {
    return `${origin}: \`clean\` is true or false`;
  }
  const isRegions =
    regions === undefined ||
    (Array.isArray(regions) &&
      regions.length <= mostRegions &&
      regions.every((region) => typeof region === 'string' && /^[a-z0-9-]{1,63}$/.test(region)));
  return isRegions ? null : `${origin}: \`regions\` is a list of at most ${mostRegions} regions`;
}

function sizeProblem(origin: string, value: unknown): string | null {
  const length = jsonLength(value);
  if (length === null) return `${origin} is nested too deeply`;
  if (length <= longestInput) return null;
  return `${origin} has ${length} characters as JSON; ${longestInput} are the most`;
}

/** What a value is, without quoting it. */
function nameOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
