/** Imported before all else by what a person starts: an older Node.js is refused in one sentence. */
const minimum = [22, 12] as const;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < minimum[0] || (major === minimum[0] && minor < minimum[1])) {
  process.stderr.write(
    `beamline needs Node.js 22 or 24 (${minimum.join('.')} or newer), and this is ${process.versions.node} ` +
      `(${process.execPath}): install one (nodejs.org); in a clone, scripts/setup brings one, which ./beamline uses.\n`,
  );
  process.exit(1);
}
