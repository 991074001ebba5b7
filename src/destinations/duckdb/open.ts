import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { failure } from '../../shared/failures.js';
import { publishFailure } from '../publish-failure.js';

/** No extension is fetched from the network, whatever a file's contents ask for. */
const asItIs = { autoinstall_known_extensions: 'false' };

/** Opens a database file that is there, and can change nothing in it; waits for nobody. */
export function openToRead(database: string): Promise<DuckDBInstance> {
  return DuckDBInstance.create(database, { ...asItIs, access_mode: 'READ_ONLY' });
}

/**
 * Opens the database file, waiting while another process has it open.
 * @throws `DestinationBusy` after `waitMs`, naming the process
 */
export async function openDatabase(database: string, waitMs: number): Promise<DuckDBInstance> {
  await mkdir(dirname(database), { recursive: true }).catch((error: unknown) => {
    throw publishFailure(error, database);
  });
  assertFile(database);
  const deadline = Date.now() + waitMs;
  for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
    try {
      return await DuckDBInstance.create(database, asItIs);
    } catch (error) {
      const left = deadline - Date.now();
      if (!isLocked(error)) throw publishFailure(error, database);
      if (left <= 0) throw busy(error, database, waitMs);
      await sleep(Math.min(pause, left));
    }
  }
}

/** A pipe or a device in the place of the file would be waited for, for ever. */
function assertFile(database: string): void {
  const found = statSync(database, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return;
  const message = `${database} is there and is no regular file: name another \`database\`. Nothing was written.`;
  throw failure('ConfigError', message);
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && /Could not set lock|Conflicting lock/.test(error.message);
}

function busy(error: unknown, database: string, waitMs: number): Error {
  const message = error instanceof Error ? error.message : String(error);
  const holder = /PID (\d+)/.exec(message)?.[1];
  const who = holder ? `process ${holder}` : 'another process';
  return failure(
    'DestinationBusy',
    `${database} is locked by ${who}: waited ${waitMs / 1000} s (\`destination_wait\`). ` +
      'Nothing was written. Close it there and run again.',
    { cause: message },
  );
}
