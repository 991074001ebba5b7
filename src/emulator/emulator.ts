import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pythonEnvironment, pythonPath } from '../process/python.js';
import { Api } from './jobs/api.js';
import { Outbox } from './events/outbox.js';
import { Faults } from './state/faults.js';
import { startGrpc } from './grpc/server.js';
import { addControlRoutes } from './http/control-routes.js';
import { addDataflowRoutes } from './http/dataflow-routes.js';
import { addJobPages } from './http/job-pages.js';
import { addSecretRoutes } from './http/secret-routes.js';
import { startHttp } from './http/server.js';
import { createJobs } from './jobs/jobs.js';
import { Lifecycle } from './jobs/lifecycle.js';
import type { EmulatorOptions } from './state/options.js';
import { Secrets } from './state/secrets.js';
import { writeServiceAccount } from './service-account.js';
import { State } from './state/state.js';
import { createLaunchStorage } from './state/storage.js';

export interface Emulator {
  /** `127.0.0.1:port`, where processes beside it find it whatever host it listens on. */
  grpc: string;
  /** `http://127.0.0.1:port`. */
  http: string;
  /** Stops serving. Jobs go on: the next emulator on the folder takes them up. */
  close(): Promise<void>;
}

/** Starts an emulator on a folder, which no other emulator may be using. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { folder, host = '127.0.0.1', onProblem = () => undefined } = options;
  mkdirSync(folder, { recursive: true });
  const state = new State(folder);
  const faults = new Faults(join(folder, 'faults.json'));
  if (options.faultsFile) faults.set(JSON.parse(readFileSync(options.faultsFile, 'utf8')));
  const secrets = new Secrets(join(folder, 'secrets.json'));
  if (options.secretsFile) secrets.load(JSON.parse(readFileSync(options.secretsFile, 'utf8')));
  const storageEndpoint = options.storage ?? process.env['STORAGE_EMULATOR_HOST'];
  const storage = storageEndpoint ? createLaunchStorage(storageEndpoint) : null;
  const outbox = new Outbox(state, faults, {
    urls: options.events ?? [],
    mode: options.eventsMode ?? 'binary',
    token: options.eventsToken,
    retryMs: options.eventsRetryMs ?? 250,
    onProblem,
  });
  const serviceAccount = join(folder, 'service-account.json');
  let ownAddress = '';
  const lifecycle = new Lifecycle(state, outbox, storage, {
    folder: join(folder, 'jobs'),
    queuedMs: options.queuedMs ?? 200,
    pendingMs: options.pendingMs ?? 200,
    cancelGraceMs: options.cancelGraceMs ?? 10_000,
    onProblem,
    command: (args, project) => ({
      line: [...(options.command ?? [pythonPath(), '-m', 'beam_pipeline.main']), ...args],
      cwd: options.cwd ?? process.cwd(),
      env: {
        ...pythonEnvironment(options.env ?? process.env),
        ...(storageEndpoint ? { STORAGE_EMULATOR_HOST: storageEndpoint } : {}),
        SECRET_MANAGER_EMULATOR_HOST: ownAddress,
        GOOGLE_APPLICATION_CREDENTIALS: serviceAccount,
        GOOGLE_CLOUD_PROJECT: project,
      },
    }),
  });
  const jobs = createJobs({
    state,
    lifecycle,
    faults,
    listQueued: options.listQueued ?? false,
    listLabels: options.listLabels ?? false,
  });
  const api = new Api(jobs, faults);
  const http = await startHttp({ host, port: options.httpPort ?? 0 }, (app) => {
    addDataflowRoutes(app, api);
    addControlRoutes(app, api, state);
    addSecretRoutes(app, secrets);
    addJobPages(app, lifecycle);
    app.post('/token', () => ({
      access_token: 'emulated',
      expires_in: 3600,
      token_type: 'Bearer',
    }));
  });
  ownAddress = `http://127.0.0.1:${http.port}`;
  await writeServiceAccount(serviceAccount, `${ownAddress}/token`);
  const grpc = await startGrpc(api, { host, port: options.grpcPort ?? 0 });
  lifecycle.resume();
  outbox.resume();
  return {
    grpc: `127.0.0.1:${grpc.port}`,
    http: ownAddress,
    async close() {
      lifecycle.close();
      outbox.close();
      await Promise.all([grpc.close(), http.close()]);
      state.close();
    },
  };
}
