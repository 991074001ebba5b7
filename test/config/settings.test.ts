import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/config/modules/catalogue.js';
import { dataflowTargetOf } from '../../src/runners/dataflow/target.js';
import { deploymentOf } from '../../src/config/settings/deployment.js';
import { launchFields } from '../../src/config/envelope/launch-fields.js';
import { ConfigProblems } from '../../src/config/document/problems.js';
import { loadSettings, type Settings } from '../../src/config/settings/settings.js';
import type { LaunchOptions } from '../../src/shared/run/job.js';
import { temporaryFolder } from './support.js';

const complete: Settings = {
  files: ['beamline.yaml'],
  project: 'my-project',
  store: 'gs://bucket/beamline',
  launch: { region: 'europe-west1', containerSpecGcsPath: 'gs://bucket/spec.json' },
  gateway: {},
};

function problemsOf(action: () => unknown): string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigProblems) return error.message.split('\n');
    throw error;
  }
  assert.fail('no problem was found');
}

function target(
  layers: { settings?: Partial<Settings>; config?: LaunchOptions; run?: LaunchOptions } = {},
): ReturnType<typeof dataflowTargetOf> {
  return dataflowTargetOf({
    settings: { ...complete, ...layers.settings },
    config: layers.config ?? {},
    run: layers.run ?? {},
    namespace: 'default',
  });
}

describe('the settings', () => {
  const folder = temporaryFolder();

  it('are empty without a file', () => {
    assert.deepEqual(loadSettings(folder.path, {}), { files: [], launch: {}, gateway: {} });
  });

  it('hold what every key says', () => {
    folder.write(
      'beamline.yaml',
      `
project: my-project
store: gs://bucket/beamline/
deployment: staging
reconcile_after: 5m
force_cancel_after: 40m
store_wait: 2m
launch: { region: europe-west1, num_workers: 2 }
gateway: { audience: https://events.example.com, service_account: events@example.com }
prices: { vcpu_hour: 0.1, memory_gb_hour: 0.01, disk_gb_hour: 0.001, shuffle_gb: 0.02 }
`,
    );
    assert.deepEqual(loadSettings(folder.path, {}), {
      files: ['beamline.yaml'],
      project: 'my-project',
      store: 'gs://bucket/beamline',
      deployment: 'staging',
      storeWaitMs: 120_000,
      launch: {
        region: 'europe-west1',
        numWorkers: 2,
        reconcileAfter: '5m',
        forceCancelAfter: '40m',
      },
      gateway: { audience: 'https://events.example.com', serviceAccount: 'events@example.com' },
      prices: {
        currency: 'USD',
        vcpu_hour: 0.1,
        memory_gb_hour: 0.01,
        disk_gb_hour: 0.001,
        shuffle_gb: 0.02,
      },
    });
  });

  for (const wait of ['0s', '9999ms', '31d', 'soon']) {
    it(`refuse to wait ${wait} for a host`, () => {
      folder.write('beamline.yaml', `store_wait: ${wait}`);
      assert.match(problemsOf(() => loadSettings(folder.path, {}))[0] ?? '', /store_wait/);
    });
  }

  it('stand over those of the local stack, key by key', () => {
    const local = folder.write(
      'dev.yaml',
      'project: beamline-dev\nstore: gs://beamline-dev/beamline\nlaunch: { region: local1, max_workers: 4 }\n',
    );
    folder.write('beamline.yaml', 'launch: { max_workers: 9 }\n');
    const settings = loadSettings(folder.path, { BEAMLINE_DEV_SETTINGS: local });
    assert.deepEqual(settings.launch, { region: 'local1', maxWorkers: 9 });
    assert.equal(settings.project, 'beamline-dev');
    assert.deepEqual(settings.files, ['beamline.yaml', local]);
  });

  it('name every mistake with its line', () => {
    folder.write(
      'beamline.yaml',
      'projct: my-project\nstore: my-bucket\nregion: europe-west1\nreconcile_after: soon\nlaunch:\n  num_worker: 3\n',
    );
    assert.deepEqual(
      problemsOf(() => loadSettings(folder.path, {})).map((line) =>
        line.replaceAll(/ {2,}/g, ' | '),
      ),
      [
        'beamline.yaml:1:1 | projct | unknown key; did you mean `project`?',
        'beamline.yaml:2:8 | store | must be a Cloud Storage folder such as `gs://bucket/beamline`, got text "my-bucket"',
        'beamline.yaml:3:1 | region | belongs under `launch`',
        'beamline.yaml:4:18 | reconcile_after | must be a duration such as 500ms, 30s, 5m or 2h, got text "soon"',
        'beamline.yaml:6:3 | launch.num_worker | unknown key; did you mean `num_workers`?',
      ],
    );
  });
});

describe('the target of a run on Dataflow', () => {
  it('takes each option from the run, else the config, else the settings', () => {
    const { launch } = target({
      settings: { launch: { ...complete.launch, numWorkers: 1, maxWorkers: 11, diskSizeGb: 10 } },
      config: { numWorkers: 2, maxWorkers: 12 },
      run: { numWorkers: 3 },
    });
    assert.deepEqual([launch.numWorkers, launch.maxWorkers, launch.diskSizeGb], [3, 12, 10]);
  });

  it('merges labels and pipeline options by name, and replaces lists', () => {
    const { launch } = target({
      config: {
        additionalUserLabels: { team: 'a', cost: 'x' },
        additionalPipelineOptions: { one: '1' },
        additionalExperiments: ['a', 'b'],
      },
      run: {
        additionalUserLabels: { team: 'b' },
        additionalPipelineOptions: { two: '2' },
        additionalExperiments: ['c'],
      },
    });
    assert.deepEqual(launch.additionalUserLabels, { team: 'b', cost: 'x' });
    assert.deepEqual(launch.additionalPipelineOptions, { one: '1', two: '2' });
    assert.deepEqual(launch.additionalExperiments, ['c']);
  });

  it('fills in what nobody said, and no region', () => {
    assert.deepEqual(target(), {
      project: 'my-project',
      region: 'europe-west1',
      store: 'gs://bucket/beamline',
      deployment: deploymentOf({ project: 'my-project', namespace: 'default' }),
      console: 'https://console.cloud.google.com',
      launch: {
        region: 'europe-west1',
        containerSpecGcsPath: 'gs://bucket/spec.json',
        machineType: 'e2-standard-2',
        ipConfiguration: 'private',
        tempLocation: 'gs://bucket/beamline/tmp',
        stagingLocation: 'gs://bucket/beamline/staging-libs',
        attempts: 1,
        reconcileAfter: '15m',
        forceCancelAfter: '30m',
      },
      reconcileAfterMs: 900_000,
      forceCancelAfterMs: 1_800_000,
    });
  });

  it('says everything that is missing, and where to set it', () => {
    const nothing: Settings = { files: [], launch: {}, gateway: {} };
    const lines = problemsOf(() =>
      dataflowTargetOf({ settings: nothing, config: {}, run: {}, namespace: 'default' }),
    );
    assert.equal(lines.length, 4);
    assert.match(lines[0] ?? '', /^beamline\.yaml +project .*set `project` in beamline\.yaml/);
    assert.match(lines[1] ?? '', /store .*gs:\/\/my-bucket\/beamline/);
    assert.match(lines[2] ?? '', /launch\.region .*--region; there is no default region/);
    assert.match(lines[3] ?? '', /--container-spec-gcs-path/);
  });

  it('finds what only the origins together get wrong', () => {
    const lines = problemsOf(() =>
      target({
        config: { maxWorkers: 2, workerRegion: 'europe-west4' },
        run: { numWorkers: 5, workerZone: 'europe-west4-a' },
      }),
    );
    assert.match(lines[0] ?? '', /max_workers .*at least `num_workers` \(5\), got 2/);
    assert.match(lines[1] ?? '', /worker_zone .*not both/);
  });

  it('names the installation by setting, project and namespace', () => {
    const one = { project: 'p', namespace: 'n' };
    const others = [
      { ...one, project: 'q' },
      { ...one, namespace: 'm' },
      { ...one, deployment: 'blue' },
      { project: 'pn', namespace: '' },
    ];
    assert.match(deploymentOf(one), /^[a-z2-7]{10}$/);
    assert.equal(deploymentOf(one), deploymentOf({ ...one, deployment: '' }));
    assert.equal(new Set([one, ...others].map(deploymentOf)).size, 5);
  });
});

describe('the table of launch options', () => {
  it('has every option, once', () => {
    // The compiler finds an option that is missing here.
    const every: Record<keyof LaunchOptions, true> = {
      containerSpecGcsPath: true,
      region: true,
      numWorkers: true,
      maxWorkers: true,
      machineType: true,
      launcherMachineType: true,
      network: true,
      subnetwork: true,
      zone: true,
      workerRegion: true,
      workerZone: true,
      sdkContainerImage: true,
      serviceAccountEmail: true,
      ipConfiguration: true,
      stagingLocation: true,
      tempLocation: true,
      kmsKeyName: true,
      additionalExperiments: true,
      additionalPipelineOptions: true,
      additionalUserLabels: true,
      enableStreamingEngine: true,
      flexrsGoal: true,
      diskSizeGb: true,
      attempts: true,
      reconcileAfter: true,
      forceCancelAfter: true,
    };
    assert.deepEqual(
      launchFields.map(({ name }) => name).toSorted(),
      Object.keys(every).toSorted(),
    );
    for (const part of ['key', 'flag'] as const) {
      assert.equal(new Set(launchFields.map((field) => field[part])).size, launchFields.length);
    }
  });
});

describe('the name of a container image', () => {
  const corpus = join(packageRoot, 'test', 'corpus', 'image-names.json');
  const names = JSON.parse(readFileSync(corpus, 'utf8')) as { valid: string[]; invalid: string[] };
  const field = launchFields.find(({ name }) => name === 'sdkContainerImage');
  const pattern = field?.kind.type === 'text' ? field.kind.pattern : undefined;

  for (const name of names.valid) {
    it(`may be ${JSON.stringify(name)}`, () => assert.match(name, pattern ?? /^$/));
  }
  for (const name of names.invalid) {
    it(`is not ${JSON.stringify(name)}`, () => assert.doesNotMatch(name, pattern ?? /^/));
  }

  it('is the same to the template, whose metadata the service checks', () => {
    const file = join(packageRoot, 'beam-pipeline', 'template', 'metadata.json');
    const { parameters } = JSON.parse(readFileSync(file, 'utf8')) as {
      parameters: { name: string; regexes: string[] }[];
    };
    const found = parameters.find(({ name }) => name === 'sdk_container_image');
    assert.deepEqual(
      found?.regexes.map((text) => new RegExp(text).source),
      [pattern?.source],
    );
  });
});
