/** Runs Beam, leaves how it ended, and tells the workflow that it has. One that is not the first of its run ends at once. */
import { spawn } from 'node:child_process';
import { appendFileSync, linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, Connection } from '@temporalio/client';
import { pythonEnvironment } from '../../process/python.js';
import { endOf } from './end-of.js';
import type { Ended } from './workflow.js';

interface Task {
  root: string;
  record: string;
  workflowId: string;
  command: string;
  args: string[];
}

const task = JSON.parse(process.argv[2] ?? '') as Task;
if (!isFirst(task.record)) process.exit(0);
appendFileSync(join(task.root, 'launches'), `${process.pid}\n`);
const end = await runBeam(task);
// There whole, or not at all.
writeFileSync(`${task.record}.draft`, JSON.stringify(end));
renameSync(`${task.record}.draft`, endOf(task.record));
// The kit of runners has some that tell nothing.
if (task.workflowId.startsWith('deaf-')) process.exit(0);
const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
await new Client({ connection }).workflow
  .getHandle(task.workflowId)
  .signal('signalledEnded', { ended: true });
await connection.close();

/** Whether this process is the one of its run: its record is there whole, or not at all. */
function isFirst(record: string): boolean {
  const draft = `${record}.${process.pid}`;
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, record);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(draft);
  }
}

async function runBeam({ root, command, args }: Task): Promise<Ended> {
  const child = spawn(command, args, {
    cwd: root,
    env: pythonEnvironment(),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let last: Record<string, unknown> = {};
  for await (const line of createInterface({ input: child.stdout })) {
    last = JSON.parse(line) as Record<string, unknown>;
  }
  if (last['event'] !== 'finished') return { failed: JSON.stringify(last) };
  return { manifest: String(last['manifest']), sha256: String(last['sha256']) };
}
