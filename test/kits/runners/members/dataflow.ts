import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmulator } from '../../../../src/emulator/emulator.js';
import { registerTemplate } from '../../../../src/dev/register-template.js';
import {
  devBucket,
  devProject,
  devRegion,
  devTemplate,
} from '../../../../src/dev/environment/dev-environment.js';
import { runGateway } from '../../../../src/gateway/run-gateway.js';
import { createDataflow } from '../../../../src/gateways/google-dataflow.js';
import { createObjectStore } from '../../../../src/gateways/google-storage.js';
import type { JobEvent } from '../../../../src/shared/run/job.js';
import { startStorage } from '../../../support/storage.js';
import type { KitMember } from '../member.js';

const settings = `project: ${devProject}
store: gs://${devBucket}/beamline
launch:
  region: ${devRegion}
  container_spec_gcs_path: gs://${devBucket}/${devTemplate}
`;

/** On the emulated service, which runs the kit's program in place of the template's. */
export const member: KitMember = {
  traits: { adopts: true, hears: true },
  settings,
  starts: 'launchJob',
  async start({ root, python }) {
    const storage = await startStorage(join(root, 'storage'));
    process.env['STORAGE_EMULATOR_HOST'] = storage.endpoint;
    await storage.createBucket(devBucket);
    await registerTemplate(storage);
    const faults = join(root, 'faults.json');
    const lost = { fault: 'event_lost', job_name: '^deaf-', times: null };
    await writeFile(faults, JSON.stringify([lost]));
    const listens = { host: '127.0.0.1', port: 0, dev: true, deployment: null };
    const gateway = await runGateway(root, listens);
    const emulator = await startEmulator({
      folder: join(root, 'emulator'),
      command: [python, '-m', 'beam_pipeline.main'],
      cwd: root,
      storage: storage.endpoint,
      events: [`${gateway.url}/events/dataflow`],
      faultsFile: faults,
      queuedMs: 20,
      pendingMs: 20,
      eventsRetryMs: 20,
    });
    const dataflow = await createDataflow({ emulator: emulator.grpc });
    const objects = createObjectStore({ endpoint: storage.endpoint });
    return {
      deps: { dataflow: async () => dataflow, objects: async () => objects },
      signal: {
        name: 'jobStateChanged',
        malformed: [null, 7, 'JOB_STATE_DONE', [], {}, { jobId: 1, state: 'JOB_STATE_DONE' }],
        forged: ({ key, jobId = '' }): JobEvent => ({
          jobId,
          jobName: 'forged',
          project: devProject,
          region: devRegion,
          state: 'JOB_STATE_DONE',
          runKey: key,
          ordinal: 1,
        }),
      },
      async stop() {
        await dataflow.close();
        await emulator.close();
        await gateway.stop();
        await storage.stop();
        delete process.env['STORAGE_EMULATOR_HOST'];
      },
    };
  },
};
