/**
 * Packs the client alone, for a program that starts runs and looks at them and is no worker: `npm run
 * pack:client [-- FOLDER]` writes beamline-client-VERSION.tgz there. It holds the modules that the client
 * reaches, and asks for the packages that these import.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { parse } from 'acorn';
import { simple } from 'acorn-walk';
import { execa } from 'execa';
import { packageRoot } from '../src/dev/services/tools.js';

interface PackageJson {
  version: string;
  license: string;
  type: string;
  engines: Record<string, string>;
  dependencies: Record<string, string>;
}

const source = join(packageRoot, 'dist', 'src');
const about = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as PackageJson;

/** Beside what it imports: what is found by the name of its folder, or by its path. */
const entries = [
  'client/index.js',
  'shared/data-converter.js',
  ...foldersOf('destinations').map((name) => `destinations/${name}/index.js`),
  ...foldersOf('runners').flatMap((name) =>
    ['target.js', 'service.js'].map((file) => `runners/${name}/${file}`),
  ),
].map((path) => join(source, path));

const folder = mkdtempSync(join(tmpdir(), 'beamline-client-'));
try {
  const packages = new Set<string>();
  const files = reached(entries.filter(isThere), importsOf, packages);
  const types = reached([join(source, 'client', 'index.d.ts')], typesOf, packages);
  for (const file of [...files, ...types]) take(relative(packageRoot, file));
  for (const name of ['modules.json', 'modules.sha256.json']) take(join('schemas', name));
  take('LICENSE');
  cpSync(join(packageRoot, 'docs', 'client.md'), join(folder, 'README.md'));
  const names = Object.keys(about.dependencies).filter((name) => packages.has(name));
  const document = {
    name: 'beamline-client',
    version: about.version,
    description:
      'The client of Beamline: starts pipelines, follows their runs, reads their receipts.',
    license: about.license,
    type: about.type,
    engines: about.engines,
    exports: {
      '.': { types: './dist/src/client/index.d.ts', default: './dist/src/client/index.js' },
    },
    dependencies: Object.fromEntries(names.map((name) => [name, about.dependencies[name]])),
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(document, null, 2)}\n`);
  const target = resolve(process.argv[2] ?? '.');
  const { stdout } = await execa('npm', ['pack', '--silent', '--pack-destination', target], {
    cwd: folder,
  });
  console.log(join(target, stdout.trim()));
} finally {
  rmSync(folder, { recursive: true });
}

/** The files that can be reached from some, and into `packages` the names of the packages. */
function reached(
  from: string[],
  imports: (file: string) => string[],
  packages: Set<string>,
): Set<string> {
  const found = new Set(from);
  for (const file of found) {
    for (const specifier of imports(file)) {
      if (specifier.startsWith('.')) found.add(resolve(dirname(file), specifier));
      else packages.add(/^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
    }
  }
  return found;
}

/** What a module imports. What a destination imports late opens it, which only a worker does. */
function importsOf(file: string): string[] {
  const found: string[] = [];
  const take = ({ source: from }: { source?: { value?: unknown } | null }): void => {
    if (typeof from?.value === 'string') found.push(from.value);
  };
  const isDestination = relative(source, file).startsWith('destinations/');
  simple(parse(readFileSync(file, 'utf8'), { ecmaVersion: 'latest', sourceType: 'module' }), {
    ImportDeclaration: take,
    ExportNamedDeclaration: take,
    ExportAllDeclaration: take,
    ImportExpression: isDestination
      ? () => undefined
      : (node) => take(node as typeof node & { source: { value?: unknown } }),
  });
  return found;
}

function typesOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const found = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, name]) => name ?? '');
  return found.map((name) => (name.startsWith('.') ? name.replace(/\.js$/, '.d.ts') : name));
}

function foldersOf(name: string): string[] {
  return readdirSync(join(source, name), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

function isThere(path: string): boolean {
  return readdirSync(dirname(path)).includes(path.slice(dirname(path).length + 1));
}

function take(path: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  cpSync(join(packageRoot, path), join(folder, path));
}
