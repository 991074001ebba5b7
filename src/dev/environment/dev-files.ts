import { writeFile } from 'node:fs/promises';
import {
  devBucket,
  devProject,
  devRegion,
  devSettingsFile,
  devTemplate,
  temporalConfigFile,
} from './dev-environment.js';
import type { Endpoints } from './endpoints.js';

/** Writes the files that tell the stack's processes where the others are. */
export async function writeDevFiles(root: string, { temporal }: Endpoints): Promise<void> {
  const { address, namespace } = temporal;
  await writeFile(
    temporalConfigFile(root),
    `[profile.default]\naddress = "${address}"\nnamespace = "${namespace}"\n`,
  );
  await writeFile(
    devSettingsFile(root),
    `# Written by \`beamline dev\` at each start: the lowest priority, below beamline.yaml.
project: ${devProject}
store: gs://${devBucket}/beamline
launch:
  region: ${devRegion}
  container_spec_gcs_path: gs://${devBucket}/${devTemplate}
`,
  );
}
