// Lets the Temporal SDK download its CLI into a folder and prints the program's path.
// Usage: node scripts/download-temporal-cli.mjs VERSION FOLDER
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';

import { TestWorkflowEnvironment } from '@temporalio/testing';

const [version, folder] = process.argv.slice(2);
const host = 'temporal.download';

// The SDK's download has no time limit of its own: a network that swallows packets would stop the set-up.
if (!process.env.HTTPS_PROXY && !process.env.https_proxy) {
  const socket = connect({ host, port: 443, signal: AbortSignal.timeout(3000) });
  try {
    await once(socket, 'connect');
  } catch (error) {
    process.stderr.write(`${host} cannot be reached: ${error.message}\n`);
    process.exit(1);
  } finally {
    socket.destroy();
  }
}

const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', version, downloadDir: folder } },
});
await environment.teardown();
const program = readdirSync(folder).find((name) => name.startsWith('temporal'));
process.stdout.write(`${join(folder, program)}\n`);
