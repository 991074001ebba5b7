import { describeModules, fingerprints, type Catalogue } from '../modules/catalogue.js';
import { allModules } from '../modules/module-info.js';
import { settingsSchema } from '../settings/settings.js';
import { pipelineSchema } from './pipeline-schema.js';
import { referencePages } from './reference-docs.js';

/** Folders in which every file is generated. */
export const generatedFolders = ['schemas', 'docs/reference'];

/** Every generated file: path from the package's folder → text. */
export async function generatedFiles(): Promise<Record<string, string>> {
  const catalogue = JSON.parse(describeModules()) as Catalogue;
  const modules = await allModules(catalogue);
  const pages = Object.entries(referencePages(modules)).map(([name, text]) => [
    `docs/reference/${name}`,
    text,
  ]);
  return {
    'schemas/modules.json': json(catalogue),
    'schemas/modules.sha256.json': json(fingerprints()),
    'schemas/pipeline.schema.json': json(pipelineSchema(modules)),
    'schemas/settings.schema.json': json(settingsSchema()),
    ...(Object.fromEntries(pages) as Record<string, string>),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
