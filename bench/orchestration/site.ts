import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { devBucket, devProject, devRegion } from '../../src/dev/environment/dev-environment.js';
import { startStack, type Stack } from '../../src/dev/stack.js';
import { workflowType } from '../../src/shared/names.js';
import type { RunPipelineInput } from '../../src/shared/run/run-input.js';
import { simulatedSpec, sinkName } from './simulated-job.js';

/** The workers that are measured poll this queue; the stack's own worker has nothing to do. */
export const benchQueue = 'bench';

/** A job as the emulator's control route shows it. */
export interface EmulatedJob {
  id: string;
  name: string;
  currentState: string;
  /** ISO 8601: when it entered that state. */
  currentStateTime: string;
  createTime: string;
  labels: Record<string, string>;
}

/** The local stack on a project of its own, which is removed at the end. */
export interface Site {
  root: string;
  stack: Stack;
  client: Client;
  /** Base of the emulator's HTTP routes. */
  dataflow: string;
  /** Starts a run on {@link benchQueue}. */
  start(workflowId: string, input: Partial<RunPipelineInput>): Promise<void>;
  /** The launch options of a simulated job that lasts so long. */
  simulated(lastsMs: number): Promise<NonNullable<RunPipelineInput['launch']>>;
  jobs(): Promise<EmulatedJob[]>;
  close(): Promise<void>;
}

const config = `name: bench
args:
  number: { type: string, default: one }
sources:
  - name: rows
    module: files
    parameters: { path: rows.csv }
sinks:
  - name: ${sinkName}
    module: files
    input: rows
    mode: replace
    parameters: { path: 'out/\${args.number}' }
`;

/** Starts the local stack (`beamline dev`) for the measurements. */
export async function startSite(): Promise<Site> {
  const root = await mkdtemp(join(tmpdir(), 'beamline-bench-'));
  await mkdir(join(root, 'out'));
  await writeFile(join(root, 'bench.yaml'), config);
  await writeFile(join(root, 'rows.csv'), 'n\n1\n2\n3\n');
  const stack = await startStack({ root });
  const { temporal, storage, dataflow } = stack.record;
  if (!storage || !dataflow) throw new Error('the local stack has no emulators');
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection, namespace: temporal.namespace });
  const specs = new Map<number, Promise<string>>();
  return {
    root,
    stack,
    client,
    dataflow: dataflow.http,
    async start(workflowId, input) {
      await client.workflow.start(workflowType, {
        workflowId,
        taskQueue: benchQueue,
        args: [{ config: 'bench.yaml', ...input }],
      });
    },
    async simulated(lastsMs) {
      const known = specs.get(lastsMs) ?? upload(storage.endpoint, lastsMs);
      specs.set(lastsMs, known);
      return { containerSpecGcsPath: await known };
    },
    async jobs() {
      return (await (await fetch(`${dataflow.http}/emulator/jobs`)).json()) as EmulatedJob[];
    },
    async close() {
      await connection.close();
      await stack.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function upload(endpoint: string, lastsMs: number): Promise<string> {
  const name = `templates/simulated-${lastsMs}.json`;
  const response = await fetch(
    `${endpoint}/upload/storage/v1/b/${devBucket}/o?uploadType=media&name=${encodeURIComponent(name)}`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: JSON.stringify(simulatedSpec(lastsMs)),
    },
  );
  if (!response.ok) throw new Error(`${name} was not stored: HTTP ${response.status}`);
  return `gs://${devBucket}/${name}`;
}

/** Path of a job in the emulator's REST interface. */
export function jobPath(jobId: string): string {
  return `/v1b3/projects/${devProject}/locations/${devRegion}/jobs/${jobId}`;
}
