import { destinationNames, loadDestination } from '../../destinations/registry.js';
import type { Catalogue } from './catalogue.js';
import { withWindowParameters } from './incremental.js';
import { destinationSchema } from './modules.js';
import type { JsonSchema } from '../values/schema-walk.js';

/** What a config's `module` can name, of every kind. */
export interface ModuleInfo {
  kind: 'source' | 'transform' | 'sink';
  name: string;
  summary: string;
  schema: JsonSchema;
  /** Of a sink: what `mode` may be. */
  modes?: readonly string[];
  /** Of a sink: what `on_schema_change` may be. */
  schemaChanges?: readonly string[];
  /** Of a sink in the job, which has neither: what a row does that is written again. */
  idempotence?: string;
  /** Of a transform: how many inputs it reads; null for any number. */
  inputs?: number | null;
}

/** Every source, transform and sink, by kind and name. */
export async function allModules(catalogue: Catalogue): Promise<ModuleInfo[]> {
  const modules: ModuleInfo[] = catalogue.modules.map(
    ({ kind, name, summary, schema, capabilities }) => ({
      kind,
      name,
      summary,
      schema: capabilities.incremental ? withWindowParameters(schema) : schema,
      ...(kind === 'transform' ? { inputs: capabilities.inputs } : {}),
      ...(capabilities.idempotence === undefined ? {} : { idempotence: capabilities.idempotence }),
    }),
  );
  for (const name of destinationNames()) {
    const destination = await loadDestination(name);
    const { summary, modes, schemaChanges } = destination;
    const schema = destinationSchema(destination);
    modules.push({ kind: 'sink', name, summary, modes, schemaChanges, schema });
  }
  return modules;
}
