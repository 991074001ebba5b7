import assert from 'node:assert/strict';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { temporaryFolder } from '../config/support.js';

describe('what programs read', () => {
  const folder = temporaryFolder();
  const cli = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
  const config = `sinks:\n  - ${'long_'.repeat(12)}key: 1\n    another unknown key with many words in it: 2\n`;

  for (const command of [
    ['validate', 'a.yaml', '--format', 'github'],
    ['validate', 'a.yaml', '--format', 'junit'],
    ['validate', 'a.yaml', '--format', 'json'],
    ['completion', 'bash'],
  ]) {
    it(`is the same on a narrow terminal: ${command.join(' ')}`, async () => {
      folder.write('a.yaml', config);
      const options = { cwd: folder.path, reject: false, env: { NO_COLOR: '1' } } as const;
      const plain = await execa(process.execPath, [cli, ...command], options);
      assert.ok(plain.stdout.split('\n').some((line) => line.length > 60));
      const inner = ['stty', 'cols', '60', ';', process.execPath, cli, ...command].join(' ');
      const terminal = await execa('script', ['-qec', inner, '/dev/null'], options);
      const shown = terminal.stdout.replaceAll('\r', '').split('\n');
      for (const line of plain.stdout.split('\n').slice(0, -1))
        assert.ok(shown.includes(line), line);
    });
  }
});
