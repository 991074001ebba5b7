import { isIP } from 'node:net';
import type { TokenRule } from './access/token-check.js';

/** What the command line and the settings say of the gateway. */
export interface GatewaySettings {
  host: string;
  port: number;
  /** No token is asked for. Only on loopback. */
  dev: boolean;
  audience?: string | undefined;
  serviceAccount?: string | undefined;
  issuer?: string | undefined;
  certificatesUrl?: string | undefined;
  deployment: string | null;
}

/** Thrown when the gateway would be open to strangers, or its settings do not say to whom it is. */
export class GatewayRefused extends Error {
  override readonly name = 'GatewayRefused';
}

/**
 * Whose tokens the gateway takes; null if it asks for none.
 * @throws {@link GatewayRefused}
 */
export function tokenRuleOf(settings: GatewaySettings): TokenRule | null {
  const { host, dev, audience, serviceAccount, issuer, certificatesUrl } = settings;
  if (dev) {
    if (isLoopback(host)) return null;
    throw new GatewayRefused(
      `--dev takes events without a token and is for loopback only; the host is ${host}`,
    );
  }
  if (!audience || !serviceAccount) {
    const missing = [
      ...(audience ? [] : ['--audience (gateway.audience)']),
      ...(serviceAccount ? [] : ['--service-account (gateway.service_account)']),
    ];
    throw new GatewayRefused(
      `missing ${missing.join(' and ')}: without them anybody could send events. ` +
        'See docs/events.md; for a try on this machine use --dev',
    );
  }
  return {
    audience,
    serviceAccount,
    ...(issuer === undefined ? {} : { issuer }),
    ...(certificatesUrl === undefined ? {} : { certificatesUrl }),
  };
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
