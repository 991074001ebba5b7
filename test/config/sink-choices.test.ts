import assert from 'node:assert/strict';
import { checkConfig } from '../../src/config/check.js';
import { parseConfig } from '../../src/config/document/document.js';
import { catalogue, temporaryFolder } from './support.js';

describe('what a sink may say', () => {
  const folder = temporaryFolder();
  const messagesOf = async (module: string, more: Record<string, unknown>): Promise<string[]> => {
    const parameters = module === 'files' ? { path: 'out' } : { database: 'w', table: 't' };
    const config = {
      name: 'a',
      sources: [{ name: 'a', module: 'files', parameters: { path: '*.csv', format: 'csv' } }],
      sinks: [{ name: 'b', module, input: 'a', parameters, ...more }],
    };
    const text = JSON.stringify(config);
    const loaded = parseConfig(text, { file: 'a.yaml', path: folder.write('a.yaml', text) });
    const { problems } = await checkConfig(loaded, { root: folder.path, catalogue });
    return problems.filter(({ path }) => path.startsWith('sinks')).map(({ message }) => message);
  };

  it('is what its destination takes', async () => {
    assert.deepEqual(await messagesOf('files', { mode: 'marge' }), [
      '`marge` is not allowed (replace, append)',
    ]);
    assert.deepEqual(await messagesOf('duckdb', { mode: 'marge' }), [
      '`marge` is not allowed; did you mean `merge`? (replace, append, merge)',
    ]);
    assert.deepEqual(await messagesOf('files', { on_schema_change: 'add_column' }), [
      '`add_column` is not allowed (fail)',
    ]);
  });

  it('is what its mode takes', async () => {
    assert.deepEqual(await messagesOf('files', { mode: 'append', on_empty: 'truncat' }), [
      '`truncat` is not allowed (keep, fail)',
    ]);
    assert.deepEqual(await messagesOf('files', { mode: 'replace', on_empty: 'truncat' }), [
      '`truncat` is not allowed; did you mean `truncate`? (truncate, keep, fail)',
    ]);
  });
});
