/**
 * `node dist/src/gateway/main.js [--root DIR] [--host HOST] [--port PORT] [--dev] [--audience URL]
 * [--service-account EMAIL] [--deployment ID]`: takes events of jobs over HTTP and signals their runs.
 * Prints one JSON line on standard output when it is ready.
 */
import '../process/supported-node.js';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { keepStatePrivate } from '../process/private-state.js';
import { serveGateway } from './serve-gateway.js';

keepStatePrivate();

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: process.cwd() },
    host: { type: 'string' },
    port: { type: 'string' },
    dev: { type: 'boolean', default: false },
    audience: { type: 'string' },
    'service-account': { type: 'string' },
    issuer: { type: 'string' },
    'certificates-url': { type: 'string' },
    deployment: { type: 'string' },
    'exit-with-parent': { type: 'boolean', default: false },
  },
});

try {
  await serveGateway(resolve(values.root), {
    host: values.host,
    port: values.port === undefined ? undefined : Number(values.port),
    dev: values.dev,
    audience: values.audience,
    serviceAccount: values['service-account'],
    issuer: values.issuer,
    certificatesUrl: values['certificates-url'],
    deployment: values.deployment,
    exitWithParent: values['exit-with-parent'],
  });
} catch (error) {
  process.stderr.write(`beamline gateway: ${(error as Error).message}\n`);
  const isInput = ['GatewayRefused', 'ConfigProblems'].includes((error as Error).name);
  process.exitCode = isInput ? 2 : 1;
}
