import { Claims } from '../../config/document/claims.js';
import { destinationsOf, writtenTwice } from '../../config/build-plan.js';
import type { CheckedConfig, LoadedConfig, Problem } from '../../config/index.js';
import { scheduleClash } from '../../schedules/desired.js';

/** A sink that writes a destination. */
interface Writer {
  place: Problem;
  sink: string;
  replaces: boolean;
}

/** Finds what each config of several has in common with an earlier one and must not have. */
export class Clashes {
  readonly #root: string;
  readonly #claims = new Claims();
  /** By the destination's normalised name. */
  readonly #writers = new Map<string, Writer[]>();

  /** @param root the project root */
  constructor(root: string) {
    this.#root = root;
  }

  /** The clashes of a config with those before it, and of its own sinks. */
  of(loaded: LoadedConfig, checked: CheckedConfig): Problem[] {
    const { config } = checked;
    if (config === undefined) return [];
    const problems = this.#destinations(loaded, checked, config);
    const { name, schedule } = config;
    const nameProblem = (message: string): Problem => loaded.problem(['name'], message);
    const where = this.#claims.claim(`pipeline ${name}`, nameProblem(''));
    if (where !== undefined) {
      const message = `\`${name}\` is the pipeline of ${where} already; give one another \`name\``;
      problems.push(nameProblem(message));
    }
    const clash =
      schedule &&
      scheduleClash({ name: schedule.name, pipeline: name }, this.#claims, (message) =>
        loaded.problem(['schedule', 'name'], message),
      );
    return clash === undefined ? problems : [...problems, clash];
  }

  #destinations(
    loaded: LoadedConfig,
    checked: CheckedConfig,
    config: NonNullable<CheckedConfig['config']>,
  ): Problem[] {
    // All configs are of one project, hence of one store: which, makes no difference.
    const destinations = destinationsOf(checked, config, { root: this.#root, store: '' });
    return destinations.flatMap(({ key, location, sink, mode }) => {
      const index = config.sinks.findIndex(({ name }) => name === sink);
      if (isOpen(loaded.value, index, checked.args.missing)) return [];
      const problem = (message: string): Problem =>
        loaded.problem(['sinks', index, 'parameters'], message, 'key');
      const writer = { place: problem(''), sink, replaces: mode === 'replace' };
      const earlier = this.#writers.get(key) ?? [];
      const own = earlier.find(({ place }) => place.file === loaded.file);
      if (own !== undefined) return [problem(writtenTwice(own.sink, sink, location))];
      // Several may append or merge; what one replaces, it takes from the others.
      const other = writer.replaces ? earlier[0] : earlier.find(({ replaces }) => replaces);
      if (earlier.push(writer) === 1) this.#writers.set(key, earlier);
      if (other === undefined) return [];
      const { place } = other;
      const [which, whose] = writer.replaces ? ['this sink', 'its'] : ['that one', 'this sink’s'];
      return [
        problem(
          `${location} is written by ${place.file}:${place.line}:${place.column} (sink \`${other.sink}\`) ` +
            `as well, and ${which} replaces ${whose} rows; give one another destination`,
        ),
      ];
    });
  }
}

/** Whether an argument without a value is in a sink's parameters: what it writes is not known yet. */
function isOpen(config: unknown, sink: number, missing: readonly string[]): boolean {
  const { sinks } = config as { sinks: { parameters?: unknown }[] };
  const text = JSON.stringify(sinks[sink]?.parameters ?? {});
  return missing.some((name) => text.includes(`\${args.${name}}`));
}
