import { temporalAddress } from '../client/server/connection.js';
import { loadSettings } from '../config/settings/settings.js';
import { ownDeployment } from './own-deployment.js';
import { runGateway } from './run-gateway.js';

/** What the command line says; it goes before the settings, and they before the defaults. */
export interface GatewayFlags {
  host?: string | undefined;
  port?: number | undefined;
  dev?: boolean | undefined;
  audience?: string | undefined;
  serviceAccount?: string | undefined;
  issuer?: string | undefined;
  /** For tests: where the issuer's certificates are. */
  certificatesUrl?: string | undefined;
  /** Label `beamline-deployment` of the jobs that are taken; default: the settings' own. */
  deployment?: string | undefined;
  exitWithParent?: boolean | undefined;
}

export const defaultGatewayPort = 8088;

/**
 * Runs the gateway, as the flags and `gateway` in the settings say, until SIGINT, SIGTERM or
 * SIGHUP, or until standard input closes if it shall end with its parent. Prints the line that says it
 * is ready.
 *
 * @throws GatewayRefused, or `ConfigProblems` of the settings
 */
export async function serveGateway(root: string, flags: GatewayFlags): Promise<void> {
  const { exitWithParent = false, ...given } = flags;
  const settings = loadSettings(root);
  const gateway = await runGateway(root, {
    host: given.host ?? '127.0.0.1',
    port: given.port ?? defaultGatewayPort,
    dev: given.dev ?? false,
    audience: given.audience ?? settings.gateway.audience,
    serviceAccount: given.serviceAccount ?? settings.gateway.serviceAccount,
    issuer: given.issuer ?? settings.gateway.issuer,
    certificatesUrl: given.certificatesUrl,
    deployment: given.deployment ?? ownDeployment(settings, namespaceOf(root)),
  });
  const asked = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => resolve());
    if (exitWithParent) process.stdin.resume().on('close', () => resolve());
  });
  process.stdout.write(`${JSON.stringify({ event: 'ready', url: gateway.url })}\n`);
  await asked;
  await gateway.stop();
}

function namespaceOf(root: string): string {
  return temporalAddress(root).namespace ?? 'default';
}
