import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { devBucket, devTemplate } from './environment/dev-environment.js';
import { packageRoot } from './services/tools.js';

/** The emulator runs this image's command with the Python of this machine. */
const image = 'beamline-local';

/**
 * Puts the Flex Template's container spec into the storage emulator, as
 * `gcloud dataflow flex-template build` does into a bucket. The same spec again changes nothing.
 *
 * @throws if the storage refuses
 */
export async function registerTemplate({ endpoint }: { endpoint: string }): Promise<void> {
  const metadata = join(packageRoot, 'beam-pipeline', 'template', 'metadata.json');
  const spec = {
    image,
    sdkInfo: { language: 'PYTHON' },
    ...(existsSync(metadata) && {
      metadata: JSON.parse(readFileSync(metadata, 'utf8')) as unknown,
    }),
  };
  const name = encodeURIComponent(devTemplate);
  const response = await fetch(
    `${endpoint}/upload/storage/v1/b/${devBucket}/o?uploadType=media&name=${name}`,
    {
      method: 'POST',
      // The emulator's library parses a body that calls itself JSON, and then cannot store it.
      headers: { 'content-type': 'application/octet-stream' },
      body: JSON.stringify(spec, null, 2),
    },
  );
  if (response.ok) return;
  throw new Error(`gs://${devBucket}/${devTemplate} was not stored: HTTP ${response.status}`);
}
