// Writes behind each image's tag the digest that its registry has for it now: `postgres:16.15@sha256:…`.
//
// A tag may come to mean another image; a digest cannot. Needs Docker with buildx and a way to the registries.
// Usage: node scripts/pin-images.mjs [--check]    (--check: fails if an image has no digest; rewrites nothing)
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

const files = ['docker-compose.yml', 'Dockerfile', 'beam-pipeline/Dockerfile.worker'];
/** `image: NAME:TAG` and `FROM NAME:TAG`; a stage has no tag, and our own image is built here. */
const image = /^(\s*image: |FROM )((?!beamline:)[\w./-]+:[\w.-]+)(@sha256:[0-9a-f]{64})?(?=\s|$)/gm;

const root = new URL('../', import.meta.url);
const digests = new Map();
let bare = 0;
for (const file of files) {
  const path = new URL(file, root);
  const text = readFileSync(path, 'utf8');
  if (process.argv.includes('--check')) {
    for (const [, , name, digest] of text.matchAll(image)) {
      if (digest) continue;
      bare++;
      process.stderr.write(`${file}: ${name} has no digest: run scripts/pin-images.mjs\n`);
    }
  } else {
    writeFileSync(
      path,
      text.replaceAll(image, (_, before, name) => `${before}${name}@${digestOf(name)}`),
    );
  }
}
process.exitCode = bare > 0 ? 1 : 0;

function digestOf(name) {
  if (!digests.has(name)) {
    const asked = ['buildx', 'imagetools', 'inspect', '--format', '{{.Manifest.Digest}}', name];
    const digest = execFileSync('docker', asked, { encoding: 'utf8' }).trim();
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`${name}: no digest, but ${digest}`);
    digests.set(name, digest);
  }
  return digests.get(name);
}
