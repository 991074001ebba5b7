import type { LoadedConfig } from '../config/document/document.js';
import { defaultName } from '../config/envelope/envelope.js';
import type { ConfigPath } from '../config/values/config-path.js';
import type { Step } from '../config/envelope/steps.js';
import { isMapping, valueAt } from '../config/values/values.js';
import { dependsOnZone } from './cron-zone.js';
import type { FindingKind } from './finding.js';

/** A place of a config that a rule is about. */
export interface Place {
  path: ConfigPath;
  message: string;
  /** Whether the key at the path is meant, not its value. */
  part?: 'key';
}

export interface Judged {
  loaded: LoadedConfig;
  steps: readonly Step[];
}

/** A difference between satokiyo/pydataflow-template@885d6ec and Beamline. */
export interface Rule {
  name: string;
  kind: Exclude<FindingKind, 'refused'>;
  /** What it is about, for the documentation. */
  about: string;
  judge: (config: Judged) => Place[];
}

/** The zone in which that project reckons (`PipelineConfig`, cloudbuild_scheduler.yaml). */
const referenceZone = 'Asia/Tokyo';
const fromDestination = 'max_value_in_destination';

/** Everything that the loader accepts and that is not simply the same. */
export const rules: readonly Rule[] = [
  {
    name: 'schedule-zone',
    kind: 'changes',
    about: `\`schedule.cron\` was in ${referenceZone} and is in UTC, unless \`timezone\` says otherwise`,
    judge: ({ loaded }) =>
      cronsOf(loaded)
        .filter(([, cron]) => isEnabled(loaded) && !hasZone(loaded) && dependsOnZone(cron))
        .map(([path, cron]) => ({
          path,
          message: `\`${cron}\` was in ${referenceZone} and is in UTC here; add \`timezone: ${referenceZone}\``,
        })),
  },
  {
    name: 'interval-zone',
    kind: 'changes',
    about: `\`incremental_interval_from: 7day\` was counted back on the clocks of ${referenceZone}`,
    judge: ({ loaded, steps }) =>
      incrementals(steps)
        .filter((step) => intervalOf(step) !== fromDestination && !hasZone(loaded))
        .map((step) => ({
          path: [...step.path, 'parameters', 'incremental_interval_from'],
          message:
            `the window was counted back on the clocks of ${referenceZone}, which matters for dates and for times ` +
            `without a zone; add \`timezone: ${referenceZone}\``,
        })),
  },
  {
    name: 'destination-sink',
    kind: 'ignored',
    about: '`destination_sink_name` beside an interval',
    judge: ({ steps }) =>
      incrementals(steps)
        .filter((step) => intervalOf(step) !== fromDestination)
        .filter((step) => step.parameters['destination_sink_name'] !== undefined)
        .map((step) => ({
          path: [...step.path, 'parameters', 'destination_sink_name'],
          part: 'key' as const,
          message: `only \`${fromDestination}\` asks a sink where to begin, and the source has an interval`,
        })),
  },
  {
    name: 'empty-result',
    kind: 'fixed',
    about: 'a run without rows left the old rows of a replaced table in place',
    judge: ({ steps }) =>
      sinks(steps)
        .filter(({ raw }) => (raw['mode'] ?? 'replace') === 'replace')
        .filter(({ raw }) => raw['on_empty'] === undefined)
        .map(({ path }) => ({
          path,
          message:
            'a run without rows left the old rows in place; here it empties the table. `on_empty: keep` keeps them',
        })),
  },
  {
    name: 'merge',
    kind: 'fixed',
    about: '`mode: merge` deleted and appended side by side, and not as one',
    judge: ({ steps }) =>
      sinks(steps)
        .filter(({ raw }) => raw['mode'] === 'merge')
        .map(({ path }) => ({
          path: [...path, 'mode'],
          message:
            'rows were deleted without waiting for it, beside the append; here both are one commit, after all is staged',
        })),
  },
  {
    name: 'first-load',
    kind: 'fixed',
    about: 'an incremental source failed while its table was empty',
    judge: ({ steps }) =>
      incrementals(steps)
        .filter((step) => intervalOf(step) === fromDestination)
        .map((step) => ({
          path: [...step.path, 'incremental'],
          message:
            'an empty table made the run fail; here the first run reads everything, and later ones begin where it ended',
        })),
  },
  {
    name: 'day-of-the-run',
    kind: 'note',
    about:
      'an append by a date column read the day of the run, and never what came later on that day',
    judge: ({ steps }) =>
      steps.some(({ kind, raw }) => kind === 'sink' && raw['mode'] === 'append')
        ? incrementals(steps)
            .filter((step) => intervalOf(step) === fromDestination)
            .map((step) => ({
              path: [...step.path, 'parameters', 'incremental_column'],
              message:
                'if it is a date: the day of the run is read whole, by the first run of the next day; rows that ' +
                'came later on that day were lost before',
            }))
        : [],
  },
  {
    name: 'sql-file',
    kind: 'fixed',
    about: '`query: path.sql` was never read',
    judge: ({ steps }) =>
      steps
        .filter(({ parameters }) => isSqlFile(parameters['query']))
        .map(({ path }) => ({
          path: [...path, 'parameters', 'query'],
          message:
            'no source there could read a file of SQL; here it is read, from the project root, and pinned with the run',
        })),
  },
  {
    name: 'schedule',
    kind: 'fixed',
    about: '`schedule` could neither be created nor deleted',
    judge: ({ loaded }) =>
      cronsOf(loaded).length === 0
        ? []
        : [
            {
              path: ['schedule'],
              part: 'key',
              message:
                'a schedule could only be updated, never made or deleted; here `beamline schedule apply FILE` does all three',
            },
          ],
  },
  {
    name: 'schedule-runner',
    kind: 'note',
    about: 'scheduled runs were jobs on Dataflow',
    judge: ({ loaded }) =>
      isEnabled(loaded) &&
      cronsOf(loaded).length > 0 &&
      valueAt(loaded.value, ['runner']) === undefined
        ? [
            {
              path: ['schedule'],
              part: 'key',
              message:
                'scheduled runs were jobs on Dataflow; here they are with `runner: dataflow`, and else run beside the worker',
            },
          ]
        : [],
  },
  {
    name: 'pipeline-name',
    kind: 'note',
    about: 'a config without a `name` has that of its file',
    judge: ({ loaded, steps }) =>
      steps.length > 0 && isMapping(loaded.value) && !('name' in loaded.value)
        ? [
            {
              path: [],
              message:
                `the pipeline is named after its file: \`${defaultName(loaded.path)}\`; give it a \`name\` ` +
                'before you rename the file, or its windows begin anew',
            },
          ]
        : [],
  },
  {
    name: 'merge-keys',
    kind: 'note',
    about: '`merge_keys` may stand under `parameters`, as there',
    judge: ({ steps }) =>
      sinks(steps)
        .filter(({ parameters }) => parameters['merge_keys'] !== undefined)
        .map(({ path }) => ({
          path: [...path, 'parameters', 'merge_keys'],
          part: 'key' as const,
          message: 'may stay here; the documented place is beside `mode`',
        })),
  },
  {
    name: 'beamsql',
    kind: 'note',
    about: "`beamsql` runs without Java: Beam's SQL is translated",
    judge: ({ steps }) =>
      steps
        .filter(({ kind, module }) => kind === 'transform' && module === 'beamsql')
        .map(({ path }) => ({
          path: [...path, 'module'],
          message: "runs on another engine, without Java; Beam's SQL is translated for it",
        })),
  },
];

function sinks(steps: readonly Step[]): Step[] {
  return steps.filter(({ kind }) => kind === 'sink');
}

function incrementals(steps: readonly Step[]): Step[] {
  return steps.filter(({ kind, raw }) => kind === 'source' && raw['incremental'] === true);
}

function isSqlFile(query: unknown): boolean {
  return typeof query === 'string' && query.endsWith('.sql');
}

function intervalOf({ parameters }: Step): unknown {
  return parameters['incremental_interval_from'] ?? fromDestination;
}

/** The crons of `schedule`, with their paths: one text, or a list of texts. */
function cronsOf({ value }: LoadedConfig): [ConfigPath, string][] {
  const cron = valueAt(value, ['schedule', 'cron']);
  if (typeof cron === 'string') return [[['schedule', 'cron'], cron]];
  return (Array.isArray(cron) ? cron : []).flatMap((text: unknown, index) =>
    typeof text === 'string' ? [[['schedule', 'cron', index], text]] : [],
  );
}

function isEnabled({ value }: LoadedConfig): boolean {
  const schedule = valueAt(value, ['schedule']);
  return isMapping(schedule) && ![false, 'false'].includes(schedule['enable'] as string | false);
}

function hasZone({ value }: LoadedConfig): boolean {
  const zones = [['timezone'], ['schedule', 'timezone']].map((path) => valueAt(value, path));
  return zones.some((zone) => zone !== undefined);
}
