import type { GatewaySettings } from './gateway-options.js';
import { runGateway } from './run-gateway.js';

/** What the command line says; the rest has its default. */
export type GatewayFlags = Partial<Omit<GatewaySettings, 'deployment'>> & {
  deployment?: string | undefined;
  exitWithParent?: boolean;
};

export const defaultGatewayPort = 8088;

/**
 * Runs the gateway until SIGINT, SIGTERM or SIGHUP, or until standard input closes if it shall end with
 * its parent. Prints the line that says it is ready.
 */
export async function serveGateway(root: string, flags: GatewayFlags): Promise<void> {
  const { exitWithParent = false, deployment, ...given } = flags;
  const gateway = await runGateway(root, {
    host: '127.0.0.1',
    port: defaultGatewayPort,
    dev: false,
    ...given,
    deployment: deployment ?? null,
  });
  const asked = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => resolve());
    if (exitWithParent) process.stdin.resume().on('close', () => resolve());
  });
  process.stdout.write(`${JSON.stringify({ event: 'ready', url: gateway.url })}\n`);
  await asked;
  await gateway.stop();
}
