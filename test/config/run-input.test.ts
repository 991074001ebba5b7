import assert from 'node:assert/strict';
import { ConfigProblems } from '../../src/config/document/problems.js';
import { readRunInput } from '../../src/config/settings/run-input.js';
import type { RunPipelineInput } from '../../src/shared/run/run-input.js';

/** What `make run_workflow` of satokiyo/pydataflow-template sends. */
const reference = {
  config: 'configs/orders.json',
  profile: '',
  gcs_temp_folder: 'gs://bucket/temp',
  containerSpecGcsPath: 'gs://bucket/templates/dataflow_template_spec.json',
  workerContainerImage: 'asia-northeast1-docker.pkg.dev/my-project/repo/pydataflow-worker',
  numWorkers: 1,
  maxWorkers: 10,
  machineType: 'e2-standard-2',
  subnetwork:
    'https://www.googleapis.com/compute/v1/projects/my-project/regions/asia-northeast1/subnetworks/one',
  region: 'asia-northeast1',
  pollingSeconds: 180,
};

function problemsOf(input: object): string {
  try {
    readRunInput(input as RunPipelineInput);
  } catch (error) {
    if (error instanceof ConfigProblems) return error.message;
    throw error;
  }
  assert.fail('no problem was found');
}

describe("a run's input", () => {
  it("may be the reference's arguments as they are", () => {
    const { input, runner, launch, notes } = readRunInput(reference);
    assert.deepEqual(input, { config: 'configs/orders.json' });
    assert.equal(runner, 'dataflow');
    assert.deepEqual(launch, {
      tempLocation: 'gs://bucket/temp',
      stagingLocation: 'gs://bucket/temp',
      containerSpecGcsPath: reference.containerSpecGcsPath,
      sdkContainerImage: reference.workerContainerImage,
      numWorkers: 1,
      maxWorkers: 10,
      machineType: 'e2-standard-2',
      subnetwork: reference.subnetwork,
      region: 'asia-northeast1',
    });
    assert.equal(notes.length, 1);
    assert.match(notes[0] ?? '', /`pollingSeconds` is ignored/);
  });

  it('may have numbers as texts, and empty texts for what is not given', () => {
    const given = {
      ...reference,
      numWorkers: '2',
      pollingSeconds: '60',
      subnetwork: '',
      region: '',
    };
    const { launch } = readRunInput(given as unknown as RunPipelineInput);
    assert.equal(launch.numWorkers, 2);
    assert.ok(!('subnetwork' in launch) && !('region' in launch));
  });

  it('runs where it says, whatever its arguments imply', () => {
    assert.equal(readRunInput({ ...reference, runner: 'local' }).runner, 'local');
    assert.equal(readRunInput({ config: 'a.yaml' }).runner, undefined);
    assert.equal(readRunInput({ config: 'a.yaml', launch: { numWorkers: 3 } }).runner, undefined);
  });

  it('has launch options of its own, over the flat ones', () => {
    const launch = { numWorkers: 5, workerContainerImage: 'image:1', region: '' };
    const read = readRunInput({ ...reference, launch }).launch;
    assert.deepEqual([read.numWorkers, read.sdkContainerImage], [5, 'image:1']);
    assert.equal(read.region, 'asia-northeast1');
  });

  it('keeps the other keys', () => {
    const input = {
      config: 'a.yaml',
      profile: 'p.json',
      allowPlaintextProfile: true,
      args: { day: '' },
      store: 's1',
      plan: 'a'.repeat(64),
      rerun_of: 'q4kx7mw2ta',
    };
    assert.deepEqual(readRunInput(input).input, input);
  });

  it('names no object of a bucket as config or profile: it says the path to use, and why', () => {
    const message = problemsOf({
      ...reference,
      config: 'gs://bucket/configs/orders.json',
      profile: 'gs://bucket/.connections.json',
    });
    assert.match(
      message,
      /the run's input +config +`gs:\/\/bucket\/configs\/orders\.json` is in a bucket/,
    );
    assert.match(message, /pins its config, SQL and arguments by content/);
    assert.match(message, /in the project, `configs\/orders\.json`, and everything else as it is/);
    assert.match(message, /profile .*in the project, `\.connections\.json`, and/);
  });

  it('is told by name what is of the wrong kind, misspelt or missing', () => {
    const message = problemsOf({
      numWorkers: 'many',
      machineType: 2,
      runner: 'spark',
      conifg: 'a.yaml',
      region: 'europe-west1-b',
    });
    assert.match(message, /numWorkers +must be a number, got text "many"/);
    assert.match(message, /machineType +must be text, got 2/);
    assert.match(message, /runner +`spark` is not allowed \(local, dataflow\)/);
    assert.match(message, /conifg +unknown key; did you mean `config`\?/);
    assert.match(
      message,
      /region +must be a region such as `europe-west1`, got text "europe-west1-b"/,
    );
    assert.match(problemsOf({ profile: 'x' }), /config +is required and missing/);
  });

  it('is told the same of its launch options', () => {
    const message = problemsOf({
      config: 'a.yaml',
      launch: { num_workers: 3, maxWorkers: '3', additionalUserLabels: { 'beamline-run': 'x' } },
    });
    assert.match(message, /launch\.num_workers +unknown key; did you mean `numWorkers`\?/);
    assert.match(message, /launch\.maxWorkers +must be a number, got text "3"/);
    assert.match(message, /labels that begin with `beamline-`/);
  });
});
