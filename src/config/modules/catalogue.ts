import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { destinationNames } from '../../destinations/registry.js';
import { pythonPath } from '../../process/python.js';
import type { JsonSchema } from '../values/schema-walk.js';

/** A source, a transform or a sink in the job, as its Python folder describes it (docs/contracts.md, section 1). */
export interface ModuleEntry {
  kind: 'source' | 'transform' | 'sink';
  name: string;
  summary: string;
  capabilities: {
    incremental: boolean;
    row_wise: boolean;
    inputs: number | null;
    /** Of a sink: what a row does that is written again, such as `at-least-once` or `idempotent by id`. */
    idempotence?: string;
  };
  /** Parameters that hold SQL text, or the path of a `.sql` file. */
  sql_parameters: string[];
  /** Parameters that hold the path, or the pattern, of files to read. */
  path_parameters: string[];
  schema: JsonSchema;
}

export interface Catalogue {
  version: 1;
  modules: ModuleEntry[];
}

/** sha256 of each module's `params.py`, by `source/postgres`. */
export type Fingerprints = Record<string, string>;

/** Thrown when the modules changed and Python cannot describe them. */
export class CatalogueError extends Error {
  override readonly name = 'CatalogueError';
}

/** The folder of the package: that of `package.json`. */
export const packageRoot = findUp(dirname(fileURLToPath(import.meta.url)), 'package.json');

/**
 * The sources, transforms and sinks in the job. The kept catalogue is used as long as it describes the module folders;
 * after a change Python describes them again, once, and the answer is kept in `.beamline`.
 * @param root project root, whose `.beamline` holds the cache
 * @throws {@link CatalogueError}
 */
export function loadCatalogue(
  root: string,
  { home = packageRoot }: { home?: string } = {},
): Catalogue {
  const catalogue = readCatalogue(root, home);
  assertNamesDiffer(catalogue, destinationNames());
  return catalogue;
}

/**
 * A sink's `module` is looked up among the destinations, then among the sinks in the job.
 * @throws {@link CatalogueError} if a name is one of each
 */
export function assertNamesDiffer({ modules }: Catalogue, destinations: readonly string[]): void {
  for (const { kind, name } of modules) {
    if (kind !== 'sink' || !destinations.includes(name)) continue;
    throw new CatalogueError(
      `\`${name}\` is a destination (src/destinations/${name}) and a sink in the job ` +
        `(beam-pipeline/src/beam_pipeline/modules/sink/${name}): a config could not say which; rename one of the folders`,
    );
  }
}

/** The sources that connect to a server by a profile, which may say with `type` that it is for one of them. */
export function connectingSources({ modules }: Catalogue): string[] {
  return modules
    .filter(({ kind, schema }) => {
      const known = (schema['properties'] ?? {}) as JsonSchema;
      return kind === 'source' && 'profile' in known && 'host' in known;
    })
    .map(({ name }) => name)
    .toSorted();
}

function readCatalogue(root: string, home: string): Catalogue {
  const now = fingerprints(home);
  const kept = join(home, 'schemas', 'modules.json');
  const keptPrints = readJson(join(home, 'schemas', 'modules.sha256.json')) as
    Fingerprints | undefined;
  // The client alone has no data plane beside it: what is kept is of the version that it was made with.
  const isAlone = !existsSync(join(home, 'beam-pipeline'));
  if (keptPrints !== undefined && (isAlone || text(keptPrints) === text(now))) {
    const catalogue = readJson(kept) as Catalogue | undefined;
    if (catalogue !== undefined) return catalogue;
  }
  const key = createHash('sha256').update(text(now)).digest('hex').slice(0, 16);
  const cache = join(root, '.beamline', `modules-${key}.json`);
  return (readJson(cache) as Catalogue | undefined) ?? keep(cache, describeModules(home));
}

/** Asks Python for the catalogue, as text. */
export function describeModules(home: string = packageRoot): string {
  const python = pythonPath();
  const child = spawnSync(python, ['-m', 'beam_pipeline.modules.catalogue'], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: join(home, 'beam-pipeline', 'src') },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (child.status === 0) return child.stdout;
  const said = child.error?.message ?? child.stderr.trim().split('\n').at(-1) ?? 'nothing';
  throw new CatalogueError(
    `cannot describe the modules: ${said}\n` +
      `The command was: ${python} -m beam_pipeline.modules.catalogue. Is the project set up (make setup)?`,
  );
}

/** Fingerprints of the module folders as they are now. */
export function fingerprints(home: string = packageRoot): Fingerprints {
  const modules = join(home, 'beam-pipeline', 'src', 'beam_pipeline', 'modules');
  const entries = ['source', 'transform', 'sink'].flatMap((kind) => {
    const folder = join(modules, kind);
    const names = existsSync(folder) ? readdirSync(folder).toSorted() : [];
    return names.flatMap((name): [string, string][] => {
      const params = join(folder, name, 'params.py');
      if (!existsSync(params)) return [];
      return [[`${kind}/${name}`, createHash('sha256').update(readFileSync(params)).digest('hex')]];
    });
  });
  return Object.fromEntries(entries);
}

function keep(cache: string, json: string): Catalogue {
  const catalogue = JSON.parse(json) as Catalogue;
  const temporary = `${cache}.${process.pid}`;
  try {
    mkdirSync(dirname(cache), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, json, { mode: 0o600 });
    renameSync(temporary, cache);
  } catch {
    // A project that may not be written to is slower, not broken.
  }
  return catalogue;
}

function readJson(path: string): unknown {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

function text(prints: Fingerprints): string {
  return JSON.stringify(Object.entries(prints).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function findUp(folder: string, file: string): string {
  if (existsSync(join(folder, file))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`no ${file} above ${folder}`);
  return findUp(parent, file);
}
