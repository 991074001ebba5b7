// Puts what is started often, and what it imports, into few files: Node.js would look for, read and compile
// some hundreds. What is imported by need stays apart. `src/process/bundled-program.ts` decides when they are taken.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = fileURLToPath(new URL('../dist/src', import.meta.url));
const target = fileURLToPath(new URL('../dist/programs', import.meta.url));

const programs = {
  publisher: {
    main: 'destinations/publisher-process.js',
    // A native library, and one that reads its own package.json.
    external: ['@duckdb/node-bindings', '@google-cloud/storage'],
  },
  cli: {
    main: 'cli/command-line.js',
    // What is native, starts threads or reads files of its own, or shares state with what does.
    external: [
      '@duckdb/*',
      '@temporalio/*',
      '@google-cloud/*',
      '@grpc/*',
      'fastify',
      'google-auth-library',
    ],
  },
};

/** What looks for a file next to its own, as `import.meta.url` lets it, finds the file where it was. */
const ownUrls = {
  name: 'own URLs',
  setup({ onLoad }) {
    onLoad({ filter: /\.js$/, namespace: 'file' }, async ({ path }) => {
      if (!path.startsWith(source)) return undefined;
      const url = `new URL(${JSON.stringify(relative(target, path))}, import.meta.url).href`;
      return { contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', url) };
    });
  },
};

await rm(target, { recursive: true, force: true });
const outputs = {};
for (const [name, { main, external }] of Object.entries(programs)) {
  const { metafile } = await build({
    entryPoints: { [name]: `${source}/${main}` },
    chunkNames: `${name}-[hash]`,
    outdir: target,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    external,
    plugins: [ownUrls],
    banner: {
      // For what is CommonJS; a name that no file has.
      js: "import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);",
    },
    legalComments: 'linked',
    logLevel: 'warning',
    metafile: true,
  });
  Object.assign(outputs, metafile.outputs);
}
await writeFile(`${target}/contents.json`, JSON.stringify(contentsOf(outputs)));

/** The files that each output was made of. */
function contentsOf(outputs) {
  return Object.fromEntries(
    Object.entries(outputs).map(([path, { inputs }]) => [path, Object.keys(inputs)]),
  );
}
