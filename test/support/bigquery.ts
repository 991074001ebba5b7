import { join } from 'node:path';
import { pythonPath } from '../../src/process/python.js';
import { startReadyChild } from './child.js';
import { projectRoot } from './stack.js';

export interface BigQueryEmulator {
  /** What `BIGQUERY_EMULATOR_HOST` says. */
  endpoint: string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts the BigQuery emulator on a free port.
 * @param folder where it keeps its datasets
 * @param storage endpoint of a storage emulator, for `gs://` URIs
 */
export async function startBigQuery(folder: string, storage?: string): Promise<BigQueryEmulator> {
  const source = join(projectRoot, 'emulators', 'bigquery', 'src');
  const child = await startReadyChild<{ endpoint: string }>(
    pythonPath(),
    `-m bigquery_emulator --host 127.0.0.1 --port 0 --exit-with-parent --folder`
      .split(' ')
      .concat(folder),
    {
      env: {
        ...process.env,
        PYTHONPATH: source,
        ...(storage !== undefined && { STORAGE_EMULATOR_HOST: storage }),
      },
    },
  );
  return { endpoint: child.ready.endpoint, stop: (signal) => child.end(signal) };
}
