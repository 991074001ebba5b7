/** The dataset that is there on a laptop, for a first table. */
export const devDataset = 'demo';

/**
 * Creates the dataset in the BigQuery emulator; one that is there stays as it is.
 *
 * @throws if the emulator refuses
 */
export async function createDataset(
  { endpoint }: { endpoint: string },
  project: string,
): Promise<void> {
  const response = await fetch(`${endpoint}/bigquery/v2/projects/${project}/datasets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ datasetReference: { projectId: project, datasetId: devDataset } }),
  });
  if (response.ok || response.status === 409) return;
  throw new Error(`dataset ${project}.${devDataset} was not created: HTTP ${response.status}`);
}
