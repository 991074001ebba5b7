import { z } from 'zod';

const texts = z.record(z.string(), z.string());

/** `FlexTemplateRuntimeEnvironment` of the API, in its JSON form. */
export const runtimeEnvironment = z
  .object({
    numWorkers: z.number(),
    maxWorkers: z.number(),
    zone: z.string(),
    serviceAccountEmail: z.string(),
    tempLocation: z.string(),
    machineType: z.string(),
    additionalExperiments: z.array(z.string()),
    network: z.string(),
    subnetwork: z.string(),
    additionalUserLabels: texts,
    kmsKeyName: z.string(),
    ipConfiguration: z.string(),
    workerRegion: z.string(),
    workerZone: z.string(),
    enableStreamingEngine: z.boolean(),
    flexrsGoal: z.string(),
    stagingLocation: z.string(),
    sdkContainerImage: z.string(),
    diskSizeGb: z.number(),
    autoscalingAlgorithm: z.string(),
    dumpHeapOnOom: z.boolean(),
    saveHeapDumpsToGcsPath: z.string(),
    launcherMachineType: z.string(),
    enableLauncherVmSerialPortLogging: z.boolean(),
    streamingMode: z.string(),
    additionalPipelineOptions: z.array(z.string()),
  })
  .partial();
export type RuntimeEnvironment = z.infer<typeof runtimeEnvironment>;

/** `Environment` of a job, in the API's JSON form. */
export type Environment = Record<string, unknown>;

/** The job's environment as `jobs.get` shows it: where each option of the launch ended up. */
export function environmentOf(
  runtime: RuntimeEnvironment,
  job: {
    project: string;
    region: string;
    name: string;
    parameters: Record<string, string>;
    image: string;
    language: string;
    version: string;
  },
): Environment {
  const image = runtime.sdkContainerImage ?? job.image;
  const pool = defined({
    kind: 'harness',
    numWorkers: runtime.numWorkers ?? 1,
    machineType: runtime.machineType ?? defaultMachineType,
    diskSizeGb: runtime.diskSizeGb,
    zone: runtime.zone,
    network: runtime.network,
    subnetwork: runtime.subnetwork,
    ipConfiguration: runtime.ipConfiguration,
    workerHarnessContainerImage: image,
    sdkHarnessContainerImages: [{ containerImage: image }],
    autoscalingSettings: defined({
      algorithm: runtime.autoscalingAlgorithm ?? 'AUTOSCALING_ALGORITHM_BASIC',
      maxNumWorkers: runtime.maxWorkers,
    }),
  });
  const options = defined({
    ...job.parameters,
    project: job.project,
    region: job.region,
    job_name: job.name,
    runner: 'DataflowRunner',
    num_workers: runtime.numWorkers,
    max_num_workers: runtime.maxWorkers,
    machine_type: runtime.machineType,
    temp_location: runtime.tempLocation,
    staging_location: runtime.stagingLocation,
    service_account_email: runtime.serviceAccountEmail,
    network: runtime.network,
    subnetwork: runtime.subnetwork,
    sdk_container_image: runtime.sdkContainerImage,
    experiments: runtime.additionalExperiments,
    enable_streaming_engine: runtime.enableStreamingEngine,
    launcher_machine_type: runtime.launcherMachineType,
    additional_pipeline_options: runtime.additionalPipelineOptions,
  });
  return defined({
    tempStoragePrefix: runtime.tempLocation?.replace(/^gs:\/\//, 'storage.googleapis.com/'),
    experiments: runtime.additionalExperiments,
    serviceAccountEmail: runtime.serviceAccountEmail,
    serviceKmsKeyName: runtime.kmsKeyName,
    flexResourceSchedulingGoal: runtime.flexrsGoal,
    workerRegion: runtime.workerRegion,
    workerZone: runtime.workerZone,
    streamingMode: runtime.streamingMode,
    usePublicIps: runtime.ipConfiguration === 'WORKER_IP_PRIVATE' ? false : undefined,
    workerPools: [pool],
    userAgent: { name: `Apache Beam SDK for ${job.language}`, version: job.version },
    sdkPipelineOptions: { options },
  });
}

/** What the service takes for a batch job if nothing is said (docs: pipeline options, machine type). */
export const defaultMachineType = 'n1-standard-1';

/** The same object without the fields that are undefined. */
export function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
