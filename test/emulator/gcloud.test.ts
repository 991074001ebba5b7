import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.js';
import { quick, spec, startStorage, temporaryFolder, type FakeStorage } from './support.js';
import { until } from '../support/until.js';

describe('the emulator, through gcloud', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  let storage: FakeStorage;
  let emulator: Emulator;
  before(async function () {
    if ((await execa('gcloud', ['--version'], { reject: false })).exitCode !== 0) {
      console.log('    (gcloud is not on this machine: skipped)');
      this.skip();
    }
    storage = await startStorage();
    storage.objects.set('gs://templates/etl.json', JSON.stringify(spec));
    emulator = await startEmulator(quick(folder.path, { storage: storage.url }));
    writeFileSync(join(folder.path, 'token'), 'emulated');
  });
  after(async () => {
    await emulator?.close();
    await storage?.close();
    folder.remove();
  });

  async function gcloud(...args: string[]): Promise<unknown> {
    const { stdout } = await execa('gcloud', ['dataflow', ...args, '--format=json'], {
      env: {
        CLOUDSDK_CONFIG: join(folder.path, 'gcloud'),
        CLOUDSDK_API_ENDPOINT_OVERRIDES_DATAFLOW: `${emulator.http}/`,
        CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: join(folder.path, 'token'),
        CLOUDSDK_CORE_PROJECT: 'beamline-test',
        CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
      },
    });
    return stdout === '' ? null : JSON.parse(stdout);
  }

  it('is launched, listed, described, not drained, and cancelled', async () => {
    const { job } = (await gcloud(
      'flex-template',
      'run',
      'by-gcloud',
      '--template-file-gcs-location=gs://templates/etl.json',
      '--region=local1',
      '--parameters=sleep=60000',
      '--additional-user-labels=team=data',
    )) as { job: { id: string } };
    const { id } = job;
    const describeJob = async () =>
      (await gcloud('jobs', 'describe', id, '--region=local1', '--full')) as {
        currentState: string;
        labels: object;
      };
    await until(async () => (await describeJob()).currentState === 'JOB_STATE_RUNNING');
    assert.deepEqual((await describeJob()).labels, { team: 'data' });
    const listed = (await gcloud('jobs', 'list', '--status=active')) as { id: string }[];
    assert.deepEqual(
      listed.map((one) => one.id),
      [id],
    );
    await gcloud('jobs', 'drain', id, '--region=local1').catch(() => undefined);
    assert.equal((await describeJob()).currentState, 'JOB_STATE_RUNNING');
    await gcloud('jobs', 'cancel', id, '--region=local1');
    await until(async () => (await describeJob()).currentState === 'JOB_STATE_CANCELLED');
  });
});
