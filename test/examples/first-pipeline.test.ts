import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf } from '../support/page.js';
import { startProject, type Project } from './project.js';

const blocks = blocksOf('docs/first-pipeline.md');
const config = blocks.find(({ language }) => language === 'yaml')?.text ?? '';

describe('docs/first-pipeline.md', function () {
  this.timeout(120_000);
  this.retries(0); // What its commands made is there on a second try, which would say so and not why.
  let project: Project;
  before(async () => {
    project = await startProject();
  });
  after(() => project?.stop());

  it('its commands do what it says, in its order', async () => {
    const [demo, ...rest] = blocks;
    assert.equal(demo?.text, 'make demo\n'); // Has a test of its own; `startProject` stands for it.
    let said = '';
    let commands = 0;
    for (const { language, flag, text } of rest) {
      if (language === 'yaml') {
        writeFileSync(join(project.root, 'configs', 'my-first.yaml'), text);
      } else if (language === 'sh') {
        said = '';
        for (const line of text.trimEnd().split('\n')) {
          const { exitCode, output } = await project.shell(line);
          assert.equal(exitCode, flag === '' ? 0 : Number(flag.slice('exit='.length)), output);
          said += `${output}\n`;
          commands += 1;
        }
      } else if (flag === '') {
        for (const line of text.trimEnd().split('\n')) {
          assert.ok(timeless(said).includes(timeless(line)), `${line}\nis not in\n${said}`);
        }
      }
    }
    assert.ok(commands >= 10);
  });

  it('a misspelt key is answered as it shows', async () => {
    const shown = blocks.find(({ flag }) => flag === 'wrong')?.text ?? '';
    writeFileSync(
      join(project.root, 'configs', 'my-first.yaml'),
      config.replace('query:', 'querry:'),
    );
    const { exitCode, output } = await project.shell('beamline validate configs/my-first.yaml');
    assert.equal(exitCode, 2);
    assert.ok(output.includes(shown.trimEnd()), output);
  });
});

/** Durations differ from run to run. */
function timeless(text: string): string {
  return text.replaceAll(/\d+(\.\d)? s\b/g, '… s');
}
