import { cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a mutant changes; the rest of a copy are links. */
const copied = ['dist', 'beam-pipeline'];

/** A copy of the project in which a program can be changed. */
export async function copyOf(root: string): Promise<{ root: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'beamline-mutants-'));
  for (const name of await readdir(root)) {
    if (name === '.beamline') continue;
    const [from, to] = [join(root, name), join(folder, name)];
    if (copied.includes(name)) await cp(from, to, { recursive: true, filter: isSource });
    else await symlink(from, to);
  }
  return { root: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Python would take a compiled module of the same second for the changed one; a bundle has what it was made of. */
function isSource(path: string): boolean {
  return !/__pycache__|_cache\/|dist\/programs/.test(path);
}
