import { basename, extname } from 'node:path';
import { z } from 'zod';
import { defaultRunner, runnerNames } from '../../runners/registry.js';
import { onSchemaChanges, sinkModes } from '../../destinations/destination.js';
import { durationPattern } from '../../shared/duration.js';
import { launchBlock } from './launch-schema.js';
import { scheduleBlock } from './schedule-schema.js';
import type { JsonSchema } from '../values/schema-walk.js';
import { isTimezone, unknownTimezone } from '../values/timezone.js';

const namePattern = /^[A-Za-z][A-Za-z0-9_-]*$/;
const name = (what: string): z.ZodString =>
  z.string().min(1).max(63).regex(namePattern).describe(what);
/** One line of text; what Beamline adds to a job has labels of its own (`beam_pipeline.attempt.graph`). */
export const stepNamePattern = /^(?!\(beamline\)).+$/;
const stepName = z
  .string()
  .min(1)
  .max(63)
  .regex(stepNamePattern)
  .refine((text) => text !== '__proto__', '`__proto__` is no name; choose another')
  .describe('Name of the step, unique in the pipeline.');

const parameters = z
  .record(z.string(), z.unknown())
  .default({})
  .describe('Parameters of the module: see its page in docs/reference.');

/** The types that an argument can have. */
export const argTypes = ['string', 'integer', 'number', 'boolean', 'date', 'timestamp'] as const;
export type ArgType = (typeof argTypes)[number];

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** `args.NAME` in its long form. */
export const argDeclaration = z
  .strictObject({
    type: z.enum(argTypes).describe('Type of the value.'),
    default: scalar.optional().describe('Value if a run gives none; without it every run must.'),
    description: z.string().optional().describe('What the argument is for.'),
  })
  .meta({ title: 'argument' });
export type ArgDeclaration = z.infer<typeof argDeclaration>;

const source = z
  .strictObject({
    name: stepName,
    module: z.string().describe('What reads the data: `beamline modules` lists them.'),
    description: z.string().optional().describe('A note for people.'),
    incremental: z
      .boolean()
      .default(false)
      .describe('Read only what came since the last run; see its `incremental_column`.'),
    parameters,
  })
  .meta({ title: 'source' });

const transform = z
  .strictObject({
    name: stepName,
    module: z.string().describe('What transforms the data: `beamline modules` lists them.'),
    description: z.string().optional().describe('A note for people.'),
    inputs: z
      .array(z.string())
      .min(1)
      .describe('Names of the sources and transforms that it reads, in order.'),
    parameters,
  })
  .meta({ title: 'transform' });

const columns = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

const sink = z
  .strictObject({
    name: stepName,
    module: z.string().describe('Where the data is published: `beamline modules` lists them.'),
    description: z.string().optional().describe('A note for people.'),
    input: z.string().describe('Name of the source or transform whose rows are published.'),
    mode: z
      .enum(sinkModes)
      .default('replace')
      .describe(
        '`replace` what is there, `append` to it, or `merge`: replace the rows with the same ' +
          '`merge_keys` and add the others.',
      ),
    merge_keys: columns
      .optional()
      .describe('With `mode: merge`: columns whose values name a row, none of them NULL.'),
    merge_order: columns
      .optional()
      .describe(
        'With `mode: merge`: where a run brings several rows of one key, the one with the greatest ' +
          'values of these columns wins; without it they are refused.',
      ),
    on_schema_change: z
      .enum(onSchemaChanges)
      .default('fail')
      .describe(
        'What `append` and `merge` do about other columns than the table has: `fail`, ' +
          '`add_columns` to it, or `discard` them. A type that the table cannot hold exactly always fails.',
      ),
    on_empty: z
      .enum(['truncate', 'keep', 'fail'])
      .optional()
      .describe(
        'What a run without rows does: empty the destination (default of `replace`), leave it ' +
          'alone (default of `append` and `merge`), or fail.',
      ),
    parameters,
  })
  .meta({ title: 'sink' });
export type SinkStep = z.infer<typeof sink>;

/** The envelope of a pipeline's config: everything but the parameters of its modules. */
export const pipelineConfig = z
  .strictObject({
    $schema: z.string().optional().describe('URI of the JSON Schema, for editors.'),
    name: name(
      'Name of the pipeline: part of the names of its runs and jobs, and of what its destinations record. ' +
        "Default: the file's name without its extension.",
    ).optional(),
    description: z.string().optional().describe('A note for people.'),
    args: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/),
        z.union([scalar, argDeclaration]).meta({
          description:
            'A type and a default, or just the default: `day: 2026-01-01` is a date, ' +
            '`limit: 10` an integer.',
        }),
      )
      .default({})
      .describe('Arguments of a run, used as `${args.NAME}` in strings of the steps.'),
    sources: z.array(source).min(1).describe('Where rows come from.'),
    transforms: z.array(transform).default([]).describe('What happens to them on the way.'),
    sinks: z.array(sink).min(1).describe('Where they are published.'),
    runner: z
      .enum(runnerNames)
      .default(defaultRunner)
      .describe('Where Beam runs, unless a run says otherwise.'),
    launch: launchBlock.optional(),
    schedule: scheduleBlock.optional().describe('When it runs by itself: see docs/schedules.md.'),
    timeout: z
      .string()
      .regex(durationPattern)
      .optional()
      .describe('Longest time that a run may take, such as `30m`; it is cancelled then.'),
    timezone: z
      .string()
      .refine(isTimezone, { error: ({ input }) => unknownTimezone(String(input)) })
      .default('UTC')
      .describe('IANA time zone of dates and times without one.'),
    concurrency: z
      .enum(['queue'])
      .default('queue')
      .describe('What a run does when another one holds its destination: `queue` waits for it.'),
    destination_wait: z
      .string()
      .regex(durationPattern)
      .default('60s')
      .describe("How long publishing waits for somebody else's lock on the destination."),
  })
  .meta({ title: 'Beamline pipeline' });
export type PipelineConfig = z.infer<typeof pipelineConfig> & { name: string };

/** The name of a pipeline whose config has none: the file's, in the letters that a name may have. */
export function defaultName(path: string): string {
  const plain = basename(path, extname(path)).replaceAll(/[^A-Za-z0-9_-]+/g, '-');
  return (/^[A-Za-z]/.test(plain) ? plain : `pipeline-${plain}`).slice(0, 63);
}

/** The envelope as a JSON Schema. */
export function envelopeSchema(): JsonSchema {
  return z.toJSONSchema(pipelineConfig, { io: 'input' });
}
