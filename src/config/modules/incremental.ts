import { z } from 'zod';
import type { FoundModules } from './found-modules.js';
import { withoutJobSinks } from './job-sinks.js';
import type { LoadedConfig } from '../document/document.js';
import { durationMs, readDuration } from '../../shared/duration.js';
import { sinksOf, sourcesOf } from '../plan/lineage.js';
import { suggestion } from '../values/near-miss.js';
import type { PlannedIncremental } from '../plan/plan-types.js';
import type { Problem } from '../document/problems.js';
import type { JsonSchema } from '../values/schema-walk.js';
import type { Step } from '../envelope/steps.js';
import { shown } from '../values/values.js';

/** The last window's end, as `incremental_interval_from` calls it. */
const fromDestination = 'max_value_in_destination';
/** More of any unit may lead out of the calendar. */
const mostUnits = 999_999;

/**
 * How a source is read in windows: these stand among its parameters, as satokiyo/pydataflow-template
 * has them, and belong to the orchestrator. With `incremental: false` they are ignored.
 */
export const windowParameters = z.object({
  incremental_column: z
    .string()
    .min(1)
    .optional()
    .describe(
      'With `incremental: true`: the column by which rows are read in windows, a date, a timestamp ' +
        'or an integer that grows.',
    ),
  incremental_interval_from: z
    .string()
    .refine(
      (text) => text === fromDestination || intervalOf(text) !== undefined,
      `must be \`${fromDestination}\` or a duration such as 30s, 15min, 2h or 1d`,
    )
    .default(fromDestination)
    .describe(
      `Where a window begins: \`${fromDestination}\` (where the last published one ended) or a duration ` +
        "before the run's time, such as `15min` or `2h`; with `1d` it begins with the run's own day.",
    ),
  destination_sink_name: z
    .string()
    .optional()
    .describe(
      'The sink whose destination is asked for the greatest value where no window is recorded yet; ' +
        "needed if the source's rows reach several sinks.",
    ),
  lag: z
    .union([z.int().positive(), z.string()])
    .refine(
      (lag) => typeof lag === 'number' || intervalOf(lag) !== undefined,
      'must be a duration such as 30s, 10min, 2h or 1d, or for an integer column a whole number',
    )
    .optional()
    .describe(
      'How late rows may come: a duration such as `10min`, or a number for an integer column. An append reads ' +
        'up to that long ago; a merge begins that much earlier and replaces what it reads again.',
    ),
  initial_value: z
    .union([z.string().min(1), z.int()])
    .optional()
    .describe('Where the first load begins; without it, it reads everything.'),
});
type WindowParameters = z.infer<typeof windowParameters>;

/** The schema of a source that can be read in windows, with the parameters that say how. */
export function withWindowParameters(schema: JsonSchema): JsonSchema {
  const { properties } = z.toJSONSchema(windowParameters, { io: 'input' });
  return { ...schema, properties: { ...(schema['properties'] as JsonSchema), ...properties } };
}

/** A source's parameters without those. */
export function withoutWindowParameters(
  parameters: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).filter(([name]) => !Object.hasOwn(windowParameters.shape, name)),
  );
}

/** How the source is read in windows; undefined for one that reads everything. */
export function incrementalOf(
  source: Step,
  steps: readonly Step[],
  modules: FoundModules,
): PlannedIncremental | undefined {
  const given = parametersOf(source);
  if (!isRead(source) || given?.incremental_column === undefined) return undefined;
  const sinks = sinksOf(source, withoutJobSinks(steps, modules));
  return {
    column: given.incremental_column,
    from: intervalOf(given.incremental_interval_from) ?? fromDestination,
    destination_sink: given.destination_sink_name ?? sinks[0]?.name ?? null,
    lag: lagOf(given),
    initial_value: given.initial_value === undefined ? null : String(given.initial_value),
  };
}

/**
 * What is wrong with how sources are read and sinks written, by satokiyo/pydataflow-template's table of
 * `incremental` and `mode`. Sources that always read everything, such as `files`, are free to be appended,
 * and so are those whose query is filled in with arguments.
 */
export function incrementalProblems(
  loaded: LoadedConfig,
  steps: readonly Step[],
  modules: FoundModules,
): Problem[] {
  const { entries, destinations } = modules;
  // The destination decides too: while a sink's module is unknown, there is nothing to say.
  if (steps.some((step) => step.kind === 'sink' && !destinations.has(step) && !entries.has(step)))
    return [];
  const canBe = (step: Step) => entries.get(step)?.capabilities.incremental === true;
  const sources = [...entries.keys()].filter((step) => step.kind === 'source');
  return [
    ...sources.filter(isRead).flatMap((step) => {
      if (canBe(step)) return sourceProblems(loaded, step, steps, modules);
      const message = `module \`${step.module ?? ''}\` reads everything on each run; remove \`incremental\``;
      return [loaded.problem([...step.path, 'incremental'], message)];
    }),
    ...steps
      .filter((step) => step.kind === 'sink')
      .flatMap((sink) => modeProblems(loaded, sink, sourcesOf(sink, steps).filter(canBe))),
  ];
}

function isRead(source: Step): boolean {
  return source.raw['incremental'] === true;
}

function sourceProblems(
  loaded: LoadedConfig,
  source: Step,
  steps: readonly Step[],
  modules: FoundModules,
): Problem[] {
  const given = parametersOf(source);
  const path = [...source.path, 'parameters'];
  const about = ` (source \`${source.name ?? ''}\`)`;
  if (source.parameters['incremental_column'] === undefined) {
    const message = `\`incremental_column\` is missing: the column by which rows are read in windows${about}`;
    return [loaded.problem(path, message, 'key')];
  }
  if (given === undefined) return misfits(loaded, source, about);
  const names = steps.flatMap(({ kind, name }) => (kind === 'sink' && name ? [name] : []));
  const wanted = given.destination_sink_name;
  if (wanted !== undefined && !names.includes(wanted)) {
    const message = `no sink is named \`${wanted}\`${suggestion(wanted, names)}${about}`;
    return [loaded.problem([...path, 'destination_sink_name'], message)];
  }
  const reached = sinksOf(source, withoutJobSinks(steps, modules));
  if (
    wanted === undefined &&
    reached.length > 1 &&
    given.incremental_interval_from === fromDestination
  ) {
    const message =
      `\`destination_sink_name\` is missing: the rows reach several sinks ` +
      `(${reached.map(({ name }) => name).join(', ')}), say which one tells where to begin${about}`;
    return [loaded.problem(path, message, 'key')];
  }
  return [];
}

/** A query that is filled in with arguments reads what these say: a day, a region. */
function followsArguments(loaded: LoadedConfig, source: Step): boolean {
  const raw = source.path.reduce<unknown>(
    (value, part) => (value as Record<string | number, unknown> | undefined)?.[part],
    loaded.value,
  );
  return JSON.stringify(raw ?? null).includes('${args.');
}

/** What a text is that none of the allowed forms fits; of another type, the schema says so. */
function misfits(loaded: LoadedConfig, source: Step, about: string): Problem[] {
  const issues = windowParameters.safeParse(source.parameters).error?.issues ?? [];
  return issues
    .filter(({ code }) => code === 'custom')
    .map(({ path, message }) => {
      const [name = ''] = path;
      const got = shown(source.parameters[String(name)]);
      return loaded.problem(
        [...source.path, 'parameters', String(name)],
        `${message}, got ${got}${about}`,
      );
    });
}

/** @param sources those of the sink's sources that could be read in windows */
function modeProblems(loaded: LoadedConfig, sink: Step, sources: readonly Step[]): Problem[] {
  const mode = sink.raw['mode'];
  if ((mode !== 'append' && mode !== 'merge') || sources.length === 0) return [];
  const path = [...sink.path, 'mode'];
  const whole = sources.filter((source) => !isRead(source) && !followsArguments(loaded, source));
  if (whole.length === sources.length) {
    const names = whole.map(({ name }) => `\`${name ?? ''}\``).join(', ');
    const message =
      `mode \`${mode}\` needs a source that is read incrementally: ${names} ` +
      `read${whole.length === 1 ? 's' : ''} everything on each run; set \`incremental: true\` there, or use \`mode: replace\``;
    return [loaded.problem(path, message)];
  }
  if (mode === 'merge') return [];
  return sources.flatMap((source) => {
    const from = parametersOf(source)?.incremental_interval_from;
    if (!isRead(source) || from === undefined || from === fromDestination) return [];
    const message =
      `mode \`append\` with \`incremental_interval_from: ${from}\` (source \`${source.name ?? ''}\`) would append ` +
      `rows again that are there; use \`${fromDestination}\`, or \`mode: merge\``;
    return [loaded.problem(path, message)];
  });
}

function parametersOf(source: Step): WindowParameters | undefined {
  return windowParameters.safeParse(source.parameters).data;
}

function lagOf({ lag }: WindowParameters): PlannedIncremental['lag'] {
  if (lag === undefined) return null;
  if (typeof lag === 'number') return { count: lag };
  return { ms: durationMs(lag.toLowerCase()) ?? 0 };
}

/** pydataflow-template takes the units in capitals, too. */
function intervalOf(text: string): ReturnType<typeof readDuration> {
  const read = readDuration(text.toLowerCase());
  return read !== undefined && read.count > 0 && read.count <= mostUnits ? read : undefined;
}
