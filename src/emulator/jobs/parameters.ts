import { z } from 'zod';
import { ApiError } from '../state/api-error.js';

/** `TemplateMetadata` of a container spec, as far as a launch is checked against it. */
export const templateMetadata = z.looseObject({
  name: z.string().optional(),
  streaming: z.boolean().optional(),
  parameters: z
    .array(
      z.looseObject({
        name: z.string(),
        isOptional: z.boolean().optional(),
        regexes: z.array(z.string()).optional(),
        paramType: z.string().optional(),
        enumOptions: z.array(z.looseObject({ value: z.string() })).optional(),
        parentName: z.string().optional(),
      }),
    )
    .optional(),
});
export type TemplateMetadata = z.infer<typeof templateMetadata>;

interface Violation {
  parameter: string;
  description: string;
}

/**
 * Checks a launch's parameters as the service does: unknown ones, missing ones, and each value
 * against its regular expressions. A template without metadata takes any.
 * @throws {@link ApiError} INVALID_ARGUMENT that lists every violation
 */
export function checkParameters(
  metadata: TemplateMetadata | undefined,
  given: Readonly<Record<string, string>>,
): void {
  if (metadata?.parameters === undefined) return;
  const violations: Violation[] = [];
  const known = new Map(metadata.parameters.map((parameter) => [parameter.name, parameter]));
  for (const name of Object.keys(given)) {
    if (!known.has(name)) {
      violations.push({ parameter: name, description: 'Unrecognized parameter' });
    }
  }
  for (const parameter of known.values()) {
    const value = given[parameter.name];
    if (value === undefined) {
      if (parameter.isOptional !== true && parameter.parentName === undefined) {
        violations.push({ parameter: parameter.name, description: 'Missing required parameter' });
      }
      continue;
    }
    const { regexes = [], enumOptions } = parameter;
    for (const regex of regexes) {
      if (!new RegExp(`^(?:${regex})$`, 'u').test(value)) {
        violations.push({
          parameter: parameter.name,
          description: `Parameter didn't match regex '${regex}'`,
        });
      }
    }
    if (enumOptions !== undefined && !enumOptions.some((option) => option.value === value)) {
      violations.push({
        parameter: parameter.name,
        description: `Parameter is not one of ${enumOptions.map((option) => option.value).join(', ')}`,
      });
    }
  }
  if (violations.length === 0) return;
  const lines = violations.map(({ parameter, description }) => `${parameter}: ${description}`);
  throw new ApiError(
    'INVALID_ARGUMENT',
    `The template parameters are invalid. Details: \n${lines.join('\n')}`,
    [
      {
        '@type': 'type.googleapis.com/google.dataflow.v1beta3.InvalidTemplateParameters',
        parameterViolations: violations,
      },
    ],
  );
}
