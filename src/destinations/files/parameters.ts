import { normalize } from 'node:path';
import { z } from 'zod';

const options = z.strictObject({
  path: z
    .string()
    .min(1)
    .refine(
      (path) => !/^(\.|\.\.(\/\.\.)*)\/?$/.test(normalize(path)),
      'must be a folder of its own, not the project root or a folder above it',
    )
    .describe(
      'Folder to write, relative to the project root; made if missing, else empty or ours.',
    ),
  format: z.enum(['parquet', 'csv', 'jsonl']).default('parquet').describe('Format of the files.'),
  compression: z
    .enum(['zstd', 'snappy', 'gzip', 'none'])
    .optional()
    .describe(
      'Parquet: zstd (the default), snappy, gzip or none. CSV and JSON Lines: none (the default) or gzip.',
    ),
  partition_by: z
    .array(
      z
        .string()
        .min(1)
        .regex(/^[^/=]+$/, 'must be a column whose name has no `/` and no `=`'),
    )
    .min(1)
    .optional()
    .describe('Columns whose values name the folders, `column=value/`; they are not in the files.'),
  delimiter: z
    .string()
    .regex(/^[^"\r\n]$/, 'must be one character, and no quote or line end')
    .optional()
    .describe('CSV only: what stands between two values; a comma by default.'),
  header: z
    .boolean()
    .optional()
    .describe('CSV only: whether the first line names the columns; true by default.'),
  null_value: z
    .string()
    .regex(/^[^"\r\n]*$/, 'must hold no quote and no line end')
    .optional()
    .describe('CSV only: how a NULL is written; nothing by default (an empty text is `""`).'),
});

/** What a config says of a folder of files. */
export const filesParameters = options.superRefine((parameters, context) => {
  const { format, compression, partition_by, delimiter = ',', null_value = '' } = parameters;
  const refuse = (key: keyof typeof parameters, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message });
  for (const key of ['delimiter', 'header', 'null_value'] as const) {
    if (format !== 'csv' && parameters[key] !== undefined) {
      refuse(key, `is for \`format: csv\` only; the format is \`${format}\``);
    }
  }
  if (format !== 'parquet' && (compression === 'zstd' || compression === 'snappy')) {
    refuse('compression', `\`${compression}\` is for Parquet; \`${format}\` can be none or gzip`);
  }
  if (null_value.includes(delimiter)) {
    refuse('null_value', `must not hold the delimiter, \`${delimiter}\``);
  }
  const lower = (partition_by ?? []).map((column) => column.toLowerCase());
  if (new Set(lower).size < lower.length) refuse('partition_by', 'names a column twice');
});
export type FilesParameters = z.infer<typeof filesParameters>;
