import { generateKeyPair } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { replaceFile } from './state/files.js';

/**
 * Writes a service account's key file whose tokens come from `tokenUri`: Google's libraries take it
 * as real credentials and ask nobody else. The key is made once and kept.
 */
export async function writeServiceAccount(file: string, tokenUri: string): Promise<void> {
  const account = {
    type: 'service_account',
    project_id: 'emulated',
    private_key_id: 'emulated',
    private_key: keptKey(file) ?? (await newKey()),
    client_email: 'emulated@emulated.iam.gserviceaccount.com',
    client_id: '0',
    auth_uri: tokenUri,
    token_uri: tokenUri,
  };
  replaceFile(file, JSON.stringify(account, null, 2));
}

function keptKey(file: string): string | null {
  if (!existsSync(file)) return null;
  const { private_key: key } = JSON.parse(readFileSync(file, 'utf8')) as { private_key?: string };
  return key ?? null;
}

async function newKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return privateKey;
}
