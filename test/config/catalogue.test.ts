import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CatalogueError, fingerprints, loadCatalogue } from '../../src/config/modules/catalogue.js';
import { temporaryFolder } from './support.js';

describe('the catalogue of modules', () => {
  const folder = temporaryFolder();
  const before = process.env['BEAMLINE_PYTHON'];
  const params = 'beam-pipeline/src/beam_pipeline/modules/source/one/params.py';

  beforeEach(() => {
    folder.write(params, 'first');
    folder.write('schemas/modules.json', '{"version": 1, "modules": ["kept"]}');
    folder.write('schemas/modules.sha256.json', JSON.stringify(fingerprints(folder.path)));
    python('echo run >> "$0.log"; echo \'{"version": 1, "modules": ["described"]}\'');
  });
  afterEach(() => {
    if (before === undefined) delete process.env['BEAMLINE_PYTHON'];
    else process.env['BEAMLINE_PYTHON'] = before;
  });

  function python(script: string): void {
    const path = folder.write('python', `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    process.env['BEAMLINE_PYTHON'] = path;
  }
  const load = (): unknown =>
    loadCatalogue(join(folder.path, 'project'), { home: folder.path }).modules;
  const runs = (): number => {
    const log = join(folder.path, 'python.log');
    return existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0;
  };

  it('is the kept one while no module changed', () => {
    assert.deepEqual(load(), ['kept']);
    assert.equal(runs(), 0);
  });

  it('is described by Python once after a module changed', () => {
    folder.write(params, 'second');
    assert.deepEqual([load(), load()], [['described'], ['described']]);
    assert.equal(runs(), 1);
  });

  it('is described by Python after a module folder was added', () => {
    folder.write(params.replace('one', 'two'), 'new');
    assert.deepEqual(load(), ['described']);
  });

  it('says what to do if Python cannot describe the modules', () => {
    folder.write(params, 'second');
    python('echo "ModuleNotFoundError: No module named pydantic" >&2; exit 1');
    assert.throws(load, (error) => {
      assert.ok(error instanceof CatalogueError);
      assert.match(error.message, /No module named pydantic[^]*make setup/);
      return true;
    });
  });
});
