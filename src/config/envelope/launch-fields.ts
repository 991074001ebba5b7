import type { LaunchOptions } from '../../shared/run/job.js';

/** What a launch option's value is, in YAML, on the command line and in a run's input. */
export type LaunchFieldKind =
  | { type: 'text'; pattern?: RegExp; what: string }
  | { type: 'count'; minimum: number; maximum: number }
  | { type: 'flag' }
  | { type: 'choice'; values: readonly [string, ...string[]] }
  | { type: 'duration' }
  | { type: 'texts' }
  | { type: 'labels' }
  | { type: 'options' };

/** One launch option: everything that is said of it is said here. */
export interface LaunchField {
  /** In a run's input, and in the API where the API has it. */
  name: keyof LaunchOptions;
  /** In `beamline.yaml` and in a config's `launch`. */
  key: string;
  /** On the command line. */
  flag: string;
  /** Another name on the command line. */
  alias?: string;
  /** Field of the API (v1b3 `LaunchFlexTemplateParameter`, `environment`); absent if it is ours. */
  api?: string;
  kind: LaunchFieldKind;
  description: string;
  /** What holds where it is not given, if `plan` is to say it. */
  otherwise?: string;
  /** As it would be written in YAML. */
  example: string;
}

const object = /^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]\/\S*[^\s/]$/;
const folder = /^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](\/\S*)?$/;
const region = /^[a-z]+(-[a-z]+)*\d+$/;
const zone = /^[a-z]+(-[a-z]+)*\d+-[a-z]$/;
const machine = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** `[host[:port]/]path[:tag][@digest]`: of the template's parameter too, `beam_pipeline/attempt/parameters.py`. */
const image =
  /^([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

const text = (what: string, pattern?: RegExp): LaunchFieldKind => ({
  type: 'text',
  what,
  ...(pattern && { pattern }),
});
const regionText = text('a region such as `europe-west1`', region);
const zoneText = text('a zone such as `europe-west1-b`', zone);
const machineText = text('a machine type such as `e2-standard-2`', machine);
const folderText = text('a Cloud Storage folder such as `gs://bucket/folder`', folder);

/**
 * Every launch option, in the order of the documentation. Names and meanings are the API's:
 * https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.locations.flexTemplates/launch
 */
export const launchFields: readonly LaunchField[] = [
  {
    name: 'containerSpecGcsPath',
    key: 'container_spec_gcs_path',
    flag: '--container-spec-gcs-path',
    api: 'containerSpecGcsPath',
    kind: text('the template spec, such as `gs://bucket/templates/beamline.json`', object),
    description: "Path of the Flex Template's spec in Cloud Storage.",
    example: 'gs://my-bucket/templates/beamline.json',
  },
  {
    name: 'region',
    key: 'region',
    flag: '--region',
    api: 'location',
    kind: regionText,
    description: 'Region of the job. There is no default.',
    example: 'europe-west1',
  },
  {
    name: 'numWorkers',
    key: 'num_workers',
    flag: '--num-workers',
    api: 'environment.numWorkers',
    kind: { type: 'count', minimum: 1, maximum: 1000 },
    description: 'Workers at the start.',
    example: '2',
  },
  {
    name: 'maxWorkers',
    key: 'max_workers',
    flag: '--max-workers',
    api: 'environment.maxWorkers',
    kind: { type: 'count', minimum: 1, maximum: 1000 },
    description: 'Workers at most, when the service scales the job.',
    example: '10',
  },
  {
    name: 'machineType',
    key: 'machine_type',
    flag: '--machine-type',
    api: 'environment.machineType',
    kind: machineText,
    description: 'Machine type of the workers; default `e2-standard-2`.',
    example: 'n2-standard-4',
  },
  {
    name: 'launcherMachineType',
    key: 'launcher_machine_type',
    flag: '--launcher-machine-type',
    api: 'environment.launcherMachineType',
    kind: machineText,
    description: "Machine type of the launcher, which builds the job's graph.",
    example: 'e2-standard-2',
  },
  {
    name: 'network',
    key: 'network',
    flag: '--network',
    api: 'environment.network',
    kind: text('the name of a network', /^\S+$/),
    description: 'Network of the workers.',
    example: 'my-network',
  },
  {
    name: 'subnetwork',
    key: 'subnetwork',
    flag: '--subnetwork',
    api: 'environment.subnetwork',
    kind: text(
      '`regions/REGION/subnetworks/NAME`, or the whole URL of the subnetwork',
      /^(https:\/\/www\.googleapis\.com\/compute\/[a-z0-9]+\/projects\/[^/\s]+\/)?regions\/[^/\s]+\/subnetworks\/[^/\s]+$/,
    ),
    description: 'Subnetwork of the workers; one of a Shared VPC needs the whole URL.',
    example: 'regions/europe-west1/subnetworks/my-subnetwork',
  },
  {
    name: 'zone',
    key: 'zone',
    flag: '--zone',
    api: 'environment.zone',
    kind: zoneText,
    description: 'Zone of the workers: the older name of `worker_zone`.',
    example: 'europe-west1-b',
  },
  {
    name: 'workerRegion',
    key: 'worker_region',
    flag: '--worker-region',
    api: 'environment.workerRegion',
    kind: regionText,
    description: "Region of the workers, if it is not the job's; not with `worker_zone`.",
    example: 'europe-west4',
  },
  {
    name: 'workerZone',
    key: 'worker_zone',
    flag: '--worker-zone',
    api: 'environment.workerZone',
    kind: zoneText,
    description: 'Zone of the workers; not with `worker_region`.',
    example: 'europe-west1-b',
  },
  {
    name: 'sdkContainerImage',
    key: 'sdk_container_image',
    flag: '--sdk-container-image',
    alias: '--worker-container-image',
    api: 'environment.sdkContainerImage',
    kind: text(
      'the name of a container image such as `europe-docker.pkg.dev/my-project/beamline/worker:0.1.0`',
      image,
    ),
    description: "Container image of the workers; default: that of the template's spec.",
    otherwise: "that of the template's spec",
    example: 'europe-docker.pkg.dev/my-project/beamline/worker:0.1.0',
  },
  {
    name: 'serviceAccountEmail',
    key: 'service_account_email',
    flag: '--service-account-email',
    api: 'environment.serviceAccountEmail',
    kind: text('the e-mail address of a service account', /^[^@\s]+@[^@\s]+\.[^@\s]+$/),
    description: 'Service account as which the job runs.',
    example: 'etl@my-project.iam.gserviceaccount.com',
  },
  {
    name: 'ipConfiguration',
    key: 'ip_configuration',
    flag: '--ip-configuration',
    api: 'environment.ipConfiguration',
    kind: { type: 'choice', values: ['private', 'public'] },
    description: 'Addresses of the workers; default `private`.',
    example: 'public',
  },
  {
    name: 'stagingLocation',
    key: 'staging_location',
    flag: '--staging-location',
    api: 'environment.stagingLocation',
    kind: folderText,
    description: "Where the launcher puts the job's own files; default `<store>/staging-libs`.",
    example: 'gs://my-bucket/staging-libs',
  },
  {
    name: 'tempLocation',
    key: 'temp_location',
    flag: '--temp-location',
    api: 'environment.tempLocation',
    kind: folderText,
    description: 'Where the job puts temporary files; default `<store>/tmp`.',
    example: 'gs://my-bucket/tmp',
  },
  {
    name: 'kmsKeyName',
    key: 'kms_key_name',
    flag: '--kms-key-name',
    api: 'environment.kmsKeyName',
    kind: text(
      '`projects/P/locations/L/keyRings/R/cryptoKeys/K`',
      /^projects\/[^/\s]+\/locations\/[^/\s]+\/keyRings\/[^/\s]+\/cryptoKeys\/[^/\s]+$/,
    ),
    description: "Key of Cloud KMS that encrypts the job's state.",
    example: 'projects/my-project/locations/europe-west1/keyRings/etl/cryptoKeys/jobs',
  },
  {
    name: 'additionalExperiments',
    key: 'additional_experiments',
    flag: '--experiment',
    api: 'environment.additionalExperiments',
    kind: { type: 'texts' },
    description: 'Experiments of the service.',
    example: '[use_network_tags=etl]',
  },
  {
    name: 'additionalPipelineOptions',
    key: 'additional_pipeline_options',
    flag: '--pipeline-option',
    api: 'environment.additionalPipelineOptions',
    kind: { type: 'options' },
    description: 'Further options of the Beam pipeline, by name.',
    example: '{ number_of_worker_harness_threads: "4" }',
  },
  {
    name: 'additionalUserLabels',
    key: 'additional_user_labels',
    flag: '--label',
    api: 'environment.additionalUserLabels',
    kind: { type: 'labels' },
    description: "Labels of the job; names that begin with `beamline-` are Beamline's own.",
    example: '{ team: finance }',
  },
  {
    name: 'enableStreamingEngine',
    key: 'enable_streaming_engine',
    flag: '--enable-streaming-engine',
    api: 'environment.enableStreamingEngine',
    kind: { type: 'flag' },
    description: 'Use Streaming Engine, for a streaming job.',
    example: 'true',
  },
  {
    name: 'flexrsGoal',
    key: 'flexrs_goal',
    flag: '--flexrs-goal',
    api: 'environment.flexrsGoal',
    kind: { type: 'choice', values: ['speed_optimized', 'cost_optimized'] },
    description: 'Goal of flexible resource scheduling, for a batch job.',
    example: 'cost_optimized',
  },
  {
    name: 'diskSizeGb',
    key: 'disk_size_gb',
    flag: '--disk-size-gb',
    api: 'environment.diskSizeGb',
    kind: { type: 'count', minimum: 1, maximum: 65_536 },
    description: 'Disk of each worker, in GB.',
    example: '50',
  },
  {
    name: 'attempts',
    key: 'attempts',
    flag: '--launch-attempts',
    kind: { type: 'count', minimum: 1, maximum: 10 },
    description: 'Jobs that a run launches at most, one after the other failed; default 1.',
    example: '2',
  },
  {
    name: 'reconcileAfter',
    key: 'reconcile_after',
    flag: '--reconcile-after',
    kind: { type: 'duration' },
    description: 'When a run first looks at a job of which it got no event; default `15m`.',
    example: '15m',
  },
  {
    name: 'forceCancelAfter',
    key: 'force_cancel_after',
    flag: '--force-cancel-after',
    kind: { type: 'duration' },
    description:
      'How long a job may take to cancel before it is cancelled by force; default `30m`.',
    example: '30m',
  },
];
