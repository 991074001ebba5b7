/** Attributes of a connection that name a file with a certificate or a key, or hold its text. */
export const certificateAttributes = [
  'sslrootcert',
  'sslcert',
  'sslkey',
  'ssl_ca',
  'ssl_cert',
  'ssl_key',
] as const;

/** Neither a reference nor the text of a certificate or key. */
export function isCertificatePath(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('${') && !value.includes('-----BEGIN ');
}
