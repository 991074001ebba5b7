import { z } from 'zod';
import { devProject } from './environment/dev-environment.js';

const accessed = z.object({ payload: z.object({ data: z.string() }) });

/**
 * Puts a value into the stack's stand-in for Secret Manager. The same value again makes no new version.
 *
 * @param endpoint of the Dataflow emulator's HTTP server
 * @returns the reference for a connection profile
 * @throws if the stand-in refuses
 */
export async function storeSecret(endpoint: string, id: string, value: string): Promise<string> {
  const secrets = `${endpoint}/v1/projects/${devProject}/secrets`;
  const latest = await fetch(`${secrets}/${id}/versions/latest:access`);
  const held = latest.ok ? accessed.safeParse(await latest.json()) : null;
  const data = Buffer.from(value).toString('base64');
  if (held?.data?.payload.data !== data) {
    // It may be there already: then only a version is added.
    await post(`${secrets}?secretId=${id}`, { replication: { automatic: {} } }, [409]);
    await post(`${secrets}/${id}:addVersion`, { payload: { data } });
  }
  return `\${secret:projects/${devProject}/secrets/${id}/versions/latest}`;
}

async function post(url: string, body: object, accepted: number[] = []): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.ok || accepted.includes(response.status)) return;
  throw new Error(`the secret was not stored: HTTP ${response.status}`);
}
