import type { AddressInfo } from 'node:net';
import { temporalAddress } from '../client/server/connection.js';
import { createEventIntake } from './intake/event-intake.js';
import { type GatewaySettings, tokenRuleOf } from './gateway-options.js';
import { createEventMetrics } from './intake/metrics.js';
import { createGatewayServer } from './server.js';
import { createRunSignals } from './intake/signal-run.js';
import { createTokenCheck } from './access/token-check.js';

/** Milliseconds in which what has come in is answered: a container is killed after 10 s. */
const stopWithinMs = 7_000;

export interface RunningGateway {
  /** Where it listens. */
  url: string;
  /** Answers what has come in, takes nothing new, and ends. */
  stop(): Promise<void>;
}

/** Longest wait for Temporal: well below the 10 s after which Pub/Sub counts a push as failed. */
const signalWithinMs = 5_000;

/**
 * Starts the gateway. Temporal need not be there yet.
 *
 * @throws GatewayRefused if it would be open to strangers
 */
export async function runGateway(root: string, settings: GatewaySettings): Promise<RunningGateway> {
  const rule = tokenRuleOf(settings);
  const runs = createRunSignals(temporalAddress(root), signalWithinMs);
  const metrics = createEventMetrics({ process: true });
  const intake = createEventIntake({ runs, deployment: settings.deployment, metrics });
  const checkToken = rule === null ? null : createTokenCheck(rule);
  const server = createGatewayServer({ intake, runs, metrics, checkToken });
  try {
    await server.listen({ host: settings.host, port: settings.port });
  } catch (error) {
    await runs.close();
    throw error;
  }
  const { port } = server.server.address() as AddressInfo;
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  return {
    url: `http://${host}:${port}`,
    async stop() {
      // Whoever sends a body slowly must not hold the process up.
      const late = setTimeout(() => server.server.closeAllConnections(), stopWithinMs);
      await server.close();
      clearTimeout(late);
      await runs.close();
    },
  };
}
