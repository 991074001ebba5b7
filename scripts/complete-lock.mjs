// Adds to package-lock.json the optional packages of other platforms that npm left out, and hashes that it lacks.
//
// npm drops an optional package that the registry in use does not have (a mirror of one platform, say),
// and `npm ci` then refuses the lock file everywhere. Their versions are exact in the package that wants
// them; platform and processor are in their names. Usage: node scripts/complete-lock.mjs [--check]
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = [
  'arm64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(file, 'utf8'));
const added = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(path, name)) continue;
    if (!/^\d/.test(version))
      throw new Error(`${name} ${version}, wanted by ${path}: not an exact version`);
    lock.packages[`node_modules/${name}`] = entryOf(name, version);
    added.push(`${name}@${version}`);
  }
}

// Without a hash npm would take any bytes of that name.
const bare = Object.entries(lock.packages).filter(
  ([path, entry]) => path !== '' && !entry.link && !entry.integrity,
);

if (process.argv.includes('--check')) {
  const lacking = [...new Set([...added, ...bare.map(([path]) => `the hash of ${path}`)])];
  if (lacking.length > 0) {
    process.stderr.write(
      `package-lock.json lacks ${lacking.join(', ')}: run scripts/complete-lock.mjs\n`,
    );
    process.exit(1);
  }
} else if (added.length > 0 || bare.length > 0) {
  for (const [path, entry] of bare) entry.integrity = integrityOf(path, entry.version);
  const [root, ...others] = Object.entries(lock.packages);
  lock.packages = Object.fromEntries([root, ...others.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`added ${added.length} packages, ${bare.length} hashes\n`);
}

/** Whether a package that `path` asks for has an entry where Node would look for it. */
function isLocked(path, name) {
  for (
    let folder = path;
    ;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  ) {
    if (`${folder ? `${folder}/` : ''}node_modules/${name}` in lock.packages) return true;
    if (!folder) return false;
  }
}

/** The hash that the registry states. */
function integrityOf(path, version) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const asked = ['view', `${name}@${version}`, 'dist.integrity'];
  const integrity = execFileSync('npm', asked, { encoding: 'utf8' }).trim();
  if (!integrity.startsWith('sha512-'))
    throw new Error(`the registry states no hash of ${name}@${version}`);
  return integrity;
}

function entryOf(name, version) {
  const words = name.split(/[/-]/);
  const entry = { version, optional: true };
  const processor = processors.find((each) => words.includes(each));
  const system = systems.find((each) => words.includes(each));
  if (processor) entry.cpu = [processor];
  if (system) entry.os = [system];
  if (words.some((word) => word.startsWith('musl'))) entry.libc = ['musl'];
  if (words.some((word) => word.startsWith('gnu'))) entry.libc = ['glibc'];
  return entry;
}
