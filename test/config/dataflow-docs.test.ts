import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { checkConfig } from '../../src/config/check.js';
import { dataflowTargetOf } from '../../src/runners/dataflow/target.js';
import { loadConfig } from '../../src/config/document/document.js';
import { optionsOf } from '../../src/config/envelope/launch-schema.js';
import { readRunInput } from '../../src/config/settings/run-input.js';
import { loadSettings } from '../../src/config/settings/settings.js';
import type { RunPipelineInput } from '../../src/shared/run/run-input.js';
import { temporaryFolder } from './support.js';

describe('docs/dataflow.md', () => {
  const folder = temporaryFolder();
  const page = readFileSync(join(packageRoot, 'docs', 'dataflow.md'), 'utf8');
  const block = (info: string): string =>
    new RegExp(`^\`\`\`${info}\\n([^]*?)^\`\`\`$`, 'm').exec(page)?.[1] ?? '';

  it('shows settings, a config and their target as they are', async () => {
    folder.write('beamline.yaml', block('yaml settings'));
    folder.write('orders.yaml', block('yaml config'));
    const loaded = loadConfig('orders.yaml', { root: folder.path });
    const { problems, config } = await checkConfig(loaded, { root: folder.path });
    assert.deepEqual(problems, []);
    const { region, launch } = dataflowTargetOf({
      settings: loadSettings(folder.path, {}),
      config: optionsOf(config?.launch),
      run: {},
      namespace: 'default',
    });
    assert.deepEqual([region, launch.numWorkers, launch.maxWorkers], ['europe-west1', 2, 10]);
  });

  it('shows arguments that are accepted as they are', () => {
    const input = /--input '(\{.*"pollingSeconds".*\})'/.exec(page)?.[1] ?? '';
    const { runner, launch, notes } = readRunInput(JSON.parse(input) as RunPipelineInput);
    assert.deepEqual([runner, launch.numWorkers, notes.length], ['dataflow', 1, 1]);
  });
});
