import type { protos } from '@google-cloud/dataflow';
import type { LaunchOptions } from '../shared/run/job.js';
import type { LaunchRequest } from './dataflow.js';

type Api = typeof protos.google.dataflow.v1beta3;
type Environment = protos.google.dataflow.v1beta3.IFlexTemplateRuntimeEnvironment;

/** The body of `projects.locations.flexTemplates.launch`. */
export function launchBody(
  api: Api,
  { project, region, jobName, labels, parameters, launch, validateOnly }: LaunchRequest,
): protos.google.dataflow.v1beta3.ILaunchFlexTemplateRequest {
  return {
    projectId: project,
    location: region,
    ...(validateOnly === true && { validateOnly }),
    launchParameter: {
      jobName,
      containerSpecGcsPath: launch.containerSpecGcsPath,
      parameters,
      environment: environmentOf(api, launch, labels),
    },
  };
}

/** Every option that is given, and no other: the service's defaults hold for the rest. */
function environmentOf(
  api: Api,
  launch: LaunchOptions,
  labels: Record<string, string>,
): Environment {
  const { flexrsGoal, additionalPipelineOptions } = launch;
  const goals = {
    speed_optimized: api.FlexResourceSchedulingGoal.FLEXRS_SPEED_OPTIMIZED,
    cost_optimized: api.FlexResourceSchedulingGoal.FLEXRS_COST_OPTIMIZED,
  };
  const addresses = {
    private: api.WorkerIPAddressConfiguration.WORKER_IP_PRIVATE,
    public: api.WorkerIPAddressConfiguration.WORKER_IP_PUBLIC,
  };
  const given = {
    numWorkers: launch.numWorkers,
    maxWorkers: launch.maxWorkers,
    machineType: launch.machineType ?? 'e2-standard-2',
    launcherMachineType: launch.launcherMachineType,
    network: launch.network,
    subnetwork: launch.subnetwork,
    zone: launch.zone,
    workerRegion: launch.workerRegion,
    workerZone: launch.workerZone,
    sdkContainerImage: launch.sdkContainerImage,
    serviceAccountEmail: launch.serviceAccountEmail,
    ipConfiguration: addresses[launch.ipConfiguration ?? 'private'],
    stagingLocation: launch.stagingLocation,
    tempLocation: launch.tempLocation,
    kmsKeyName: launch.kmsKeyName,
    additionalExperiments: launch.additionalExperiments,
    // As `gcloud dataflow flex-template run --additional-pipeline-options` sends them.
    additionalPipelineOptions:
      additionalPipelineOptions &&
      Object.entries(additionalPipelineOptions).map(([name, value]) => `${name}=${value}`),
    additionalUserLabels: { ...launch.additionalUserLabels, ...labels },
    enableStreamingEngine: launch.enableStreamingEngine,
    flexrsGoal: flexrsGoal && goals[flexrsGoal],
    diskSizeGb: launch.diskSizeGb,
  };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Environment;
}
