import { z } from 'zod';
import type { LaunchOptions } from '../../shared/run/job.js';
import { durationPattern } from '../../shared/duration.js';
import { launchFields, type LaunchField, type LaunchFieldKind } from './launch-fields.js';

/** User labels at most: a job has 64, and Beamline's own are up to 14. */
const mostLabels = 50;

/** Pipeline options are texts; YAML reads `4` and `true` as something else. */
const optionValue = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** The options as `beamline.yaml` and a config's `launch` write them: in snake_case. */
export const launchBlock = z
  .strictObject(shapeOf((field) => field.key))
  .superRefine(exclusive((field) => field.key))
  .describe('How the job is launched with `runner: dataflow`, over what beamline.yaml says.');
export type LaunchBlock = Record<string, unknown>;

/** The options as a run's input writes them: named as the API names them. */
export const launchInput = z
  .strictObject(shapeOf((field) => field.name))
  .superRefine(exclusive((field) => field.name));

/** The options of a checked block, by their names in the API. */
export function optionsOf(block: LaunchBlock | undefined): LaunchOptions {
  return Object.fromEntries(
    launchFields.flatMap(({ key, name }) =>
      block?.[key] === undefined ? [] : [[name, block[key]]],
    ),
  ) as LaunchOptions;
}

/** The schema of one option. */
export function schemaOf({ kind, description }: LaunchField): z.ZodType {
  return kindSchema(kind).describe(description);
}

function kindSchema(kind: LaunchFieldKind): z.ZodType {
  switch (kind.type) {
    case 'text':
      return kind.pattern === undefined
        ? z.string().min(1)
        : z.string().regex(kind.pattern, `must be ${kind.what}`);
    case 'count':
      return z.int().min(kind.minimum).max(kind.maximum);
    case 'flag':
      return z.boolean();
    case 'choice':
      return z.enum(kind.values);
    case 'duration':
      return z.string().regex(durationPattern);
    case 'texts':
      return z.array(z.string().regex(/^\S+$/, 'must be text without spaces'));
    case 'options':
      return z.record(z.string(), optionValue).superRefine((options, context) => {
        for (const name of Object.keys(options)) {
          if (/^[A-Za-z][A-Za-z0-9_-]*$/.test(name)) continue;
          const message = `\`${name}\` is no name of a pipeline option (letters, digits, \`_\`, \`-\`)`;
          context.addIssue({ code: 'custom', path: [name], message });
        }
      });
    case 'labels':
      return z.record(z.string(), z.string()).superRefine((labels, context) => {
        for (const [key, value] of Object.entries(labels)) {
          const message = labelProblem(key, value);
          if (message !== null) context.addIssue({ code: 'custom', path: [key], message });
        }
        if (Object.keys(labels).length > mostLabels) {
          const message = `must have at most ${mostLabels} labels: a job has 64, some are Beamline's`;
          context.addIssue({ code: 'custom', message });
        }
      });
  }
}

/**
 * What is wrong with a label; null if nothing is.
 * Source: https://cloud.google.com/resource-manager/docs/labels-overview#requirements
 */
function labelProblem(key: string, value: string): string | null {
  if (key.startsWith('beamline-')) {
    return 'labels that begin with `beamline-` are how Beamline finds its jobs; choose another name';
  }
  if (!/^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u.test(key)) {
    return `a label's name has a lower-case letter first, then lower-case letters, digits, \`_\`, \`-\`, 63 at most; got \`${key}\``;
  }
  return /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(value)
    ? null
    : `a label's value has lower-case letters, digits, \`_\`, \`-\`, 63 at most; got \`${value}\``;
}

function shapeOf(nameOf: (field: LaunchField) => string): Record<string, z.ZodOptional> {
  return Object.fromEntries(
    launchFields.map((field) => [nameOf(field), schemaOf(field).optional()]),
  );
}

/** `worker_region` and `worker_zone` exclude each other (field `workerRegion` of the API). */
function exclusive(
  nameOf: (field: LaunchField) => string,
): (options: Record<string, unknown>, context: z.RefinementCtx) => void {
  const [one, other] = (['workerRegion', 'workerZone'] as const).map((wanted) =>
    nameOf(launchFields.find(({ name }) => name === wanted) as LaunchField),
  ) as [string, string];
  return (options, context) => {
    if (options[one] === undefined || options[other] === undefined) return;
    const message = `give \`${one}\` or \`${other}\`, not both`;
    context.addIssue({ code: 'custom', path: [other], message });
  };
}
