import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { pythonPath } from '../../process/python.js';
import { withPythonPath } from './python-path.js';
import { bigqueryEmulatorPath } from './programs.js';

export interface BigQueryOptions {
  /** Where datasets, tables and jobs are kept. */
  folder: string;
  host: string;
  /** 0 means a free one. */
  port: number;
}

const readyLine = z.object({ endpoint: z.string() });

/**
 * Runs a BigQuery emulator until a signal ends it.
 *
 * @returns its exit code; what went wrong is on standard error
 */
export async function runBigQueryEmulator(
  { folder, host, port }: BigQueryOptions,
  onReady: (endpoint: string) => void,
): Promise<number> {
  const child = spawn(
    pythonPath(),
    ['-m', 'bigquery_emulator', '--exit-with-parent']
      .concat('--folder', folder)
      .concat('--host', host)
      .concat('--port', String(port)),
    { env: withPythonPath(process.env, bigqueryEmulatorPath), stdio: ['pipe', 'pipe', 'inherit'] },
  );
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => child.kill('SIGTERM'));
  }
  createInterface({ input: child.stdout }).once('line', (line) => {
    onReady(readyLine.parse(JSON.parse(line)).endpoint);
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
