// Puts the publisher, which each run starts several times, and what it imports into few files: Node.js
// would look for, read and compile some 400. Each destination stays apart and is loaded by need.
import { readFile, rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = fileURLToPath(new URL('../dist/src', import.meta.url));
const target = fileURLToPath(new URL('../dist/programs', import.meta.url));

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
await build({
  entryPoints: { publisher: `${source}/destinations/publisher-process.js` },
  outdir: target,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  // A native library, and one that reads its own package.json.
  external: ['@duckdb/node-bindings', '@google-cloud/storage'],
  plugins: [ownUrls],
  banner: {
    // For what is CommonJS; a name that no file has.
    js: "import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);",
  },
  legalComments: 'linked',
  logLevel: 'warning',
});
