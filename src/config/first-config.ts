import { stringify } from 'yaml';
import { choicesOf } from './modules/choices.js';
import type { ModuleInfo } from './modules/module-info.js';
import { isMapping } from './values/values.js';

/** What a first config starts from. */
export interface FirstConfig {
  name: string;
  source: ModuleInfo;
  sink: ModuleInfo;
}

/** A small config that is valid as it stands, as plain data. */
export function firstConfig({ name, source, sink }: FirstConfig): Record<string, unknown> {
  return {
    name,
    description: `Reads from ${source.name}, publishes to ${sink.name}.`,
    sources: [{ name: 'rows', module: source.name, parameters: sampleParameters(source) }],
    sinks: [
      {
        name: 'result',
        module: sink.name,
        input: 'rows',
        mode: 'replace',
        parameters: sampleParameters(sink),
      },
    ],
  };
}

/** A first config as YAML. @param schema path of the JSON Schema, from the config's folder */
export function firstConfigYaml(config: FirstConfig, schema: string): string {
  return [
    `# yaml-language-server: $schema=${schema}`,
    '# Each module has a page in docs/reference; `beamline modules NAME` shows the same.',
    stringify(firstConfig(config)),
  ].join('\n');
}

/** Values that read well in a first config, by parameter. */
const samples: Record<string, unknown> = {
  query: 'select * from my_table',
  sql: 'select * from rows',
  profile: 'my_database',
  database: 'data/warehouse.duckdb',
  table: 'my_table',
};

function sampleParameters({ kind, schema }: ModuleInfo): Record<string, unknown> {
  const properties = isMapping(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const chosen = choicesOf(schema)[0] ?? [];
  const wanted = Object.keys(properties).filter((name) =>
    [...required, ...chosen, 'profile', 'query'].includes(name),
  );
  return Object.fromEntries(
    wanted.map((name) => {
      if (name === 'path') return [name, kind === 'source' ? 'data/*.csv' : 'data/result'];
      return [name, exampleOf(properties[name]) ?? samples[name] ?? sampleOf(properties[name])];
    }),
  );
}

function exampleOf(schema: unknown): unknown {
  const examples = isMapping(schema) ? schema['examples'] : undefined;
  return Array.isArray(examples) ? examples[0] : undefined;
}

function sampleOf(schema: unknown): unknown {
  if (!isMapping(schema)) return 'text';
  const { default: standard, type } = schema;
  if (standard !== undefined && standard !== null) return standard;
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  const values: Record<string, unknown> = {
    integer: 1,
    number: 1,
    boolean: true,
    array: [],
    object: {},
  };
  return typeof type === 'string' && type in values ? values[type] : 'text';
}
