import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findTemporalCli, TemporalCliMissing } from '../../src/dev/services/temporal-cli.js';
import { pinnedVersion } from '../../src/dev/services/tools.js';

describe('findTemporalCli', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'beamline-cli-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function program(...path: string[]): string {
    const file = join(folder, ...path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o755);
    return file;
  }

  it('prefers TEMPORAL_CLI to PATH and PATH to the cache', () => {
    const named = program('named', 'temporal-x');
    const onPath = program('bin', 'temporal');
    const version = pinnedVersion('temporal-cli');
    const cached = program('cache', `temporal-${version}`, 'temporal');
    const env = { PATH: `/nowhere:${dirname(onPath)}`, BEAMLINE_CACHE: join(folder, 'cache') };

    assert.equal(findTemporalCli({ ...env, TEMPORAL_CLI: named }), named);
    assert.equal(findTemporalCli(env), onPath);
    assert.equal(findTemporalCli({ ...env, PATH: '/nowhere' }), cached);
  });

  it('honours XDG_CACHE_HOME', () => {
    const version = pinnedVersion('temporal-cli');
    const cached = program('beamline', `temporal-${version}`, 'temporal');
    assert.equal(findTemporalCli({ PATH: '', XDG_CACHE_HOME: folder }), cached);
  });

  it('says what to install where there is none', () => {
    assert.throws(
      () => findTemporalCli({ PATH: '/nowhere', BEAMLINE_CACHE: folder }),
      (error: unknown) =>
        error instanceof TemporalCliMissing && /scripts\/setup temporal/.test(error.message),
    );
  });

  it('does not pass over a TEMPORAL_CLI that is no program', () => {
    assert.throws(
      () => findTemporalCli({ TEMPORAL_CLI: join(folder, 'missing'), PATH: '/usr/bin' }),
      /TEMPORAL_CLI is `.*missing`, which is not a program/,
    );
  });
});
