import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { projectRoot } from './stack.js';

/** Compiles a program in a folder as strictly as TypeScript can, the declarations of packages included. */
export async function compile(folder: string, ...files: string[]): Promise<void> {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    module: 'nodenext',
    target: 'es2023',
    types: ['node'],
    typeRoots: [join(projectRoot, 'node_modules', '@types')],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const tsc = join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
  const { exitCode, stdout } = await execa(process.execPath, [tsc], { cwd: folder, reject: false });
  assert.equal(exitCode, 0, stdout);
}
