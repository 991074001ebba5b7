import assert from 'node:assert/strict';
import { join } from 'node:path';
import { missingFile } from '../../src/config/document/missing-file.js';
import { temporaryFolder } from './support.js';

describe('a config that is not there', () => {
  const folder = temporaryFolder();

  it('is answered with the file that was most likely meant', () => {
    const meant = folder.write('configs/orders.yaml', '');
    assert.equal(
      missingFile(join(folder.path, 'configs/oders.yaml')),
      `no such file; did you mean \`${meant}\`?`,
    );
    assert.equal(
      missingFile(join(folder.path, 'config/orders.yaml')),
      `no such file; did you mean \`${meant}\`?`,
    );
  });

  it('or with nothing', () => {
    folder.write('configs/orders.yaml', '');
    assert.equal(missingFile(join(folder.path, 'configs/flights.yaml')), 'no such file');
    assert.equal(missingFile(join(folder.path, 'configs/orders.yaml/x.yaml')), 'no such file');
    assert.equal(missingFile('/nowhere/at/all.yaml'), 'no such file');
  });
});
