import type { DataflowRefused } from '../gateways/dataflow.js';
import type { DataflowTarget } from '../shared/run/job.js';
import { redacted } from './redact.js';

/** Why Dataflow refuses a launch, in its own words, and what to do about it. */
export function launchRefusalOf(
  { message, status }: DataflowRefused,
  target: Pick<DataflowTarget, 'project' | 'region' | 'launch'>,
): string {
  return `Dataflow refuses the launch (${status}): ${redacted(message.trim())}\n${adviceOf(status, message, target)}`;
}

function adviceOf(
  status: string,
  message: string,
  { project, region, launch }: Pick<DataflowTarget, 'project' | 'region' | 'launch'>,
): string {
  if (
    /has not been used in project|SERVICE_DISABLED|API .*(is disabled|not enabled)/i.test(message)
  ) {
    return `Enable the API: gcloud services enable dataflow.googleapis.com --project ${project}`;
  }
  if (status === 'UNAUTHENTICATED') {
    return (
      'The worker has no valid credentials: give it a service account, or on your machine ' +
      'gcloud auth application-default login'
    );
  }
  if (status === 'PERMISSION_DENIED') {
    const account = launch.serviceAccountEmail ?? 'the account as which the job runs';
    return (
      `The worker's account needs roles/dataflow.developer in ${project}, ` +
      `roles/iam.serviceAccountUser on ${account}, and leave to read ${launch.containerSpecGcsPath}`
    );
  }
  if (status === 'NOT_FOUND' || isAboutSpec(message, launch.containerSpecGcsPath)) {
    return (
      `Check that the template's spec ${launch.containerSpecGcsPath} exists ` +
      `(\`launch.container_spec_gcs_path\`), and the names of project ${project} and region ${region}`
    );
  }
  return 'Correct the option that it names; `beamline plan`, with the options of the run, asks again without launching';
}

function isAboutSpec(message: string, path: string): boolean {
  return message.includes(path) || /container ?spec|template file/i.test(message);
}
