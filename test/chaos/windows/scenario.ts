import { delimiter, join } from 'node:path';
import { choosePorts } from '../../../src/dev/environment/ports.js';
import { bigqueryEmulatorPath } from '../../../src/dev/services/programs.js';
import { pythonPath } from '../../../src/process/python.js';
import { requester } from '../../support/bigquery.js';
import { profileOf, startDatabase } from '../../support/stack.js';
import type { Violation } from '../invariants.js';
import { points, windowPoints } from '../points.js';
import { runToItsEnd, type PlayedRun } from '../play.js';
import type { Scenario } from '../scenario.js';
import { bySpeed, memberNames, type ScheduleSize } from '../schedule.js';
import type { World, WorldOptions } from '../world.js';
import { wrongContents } from './contents.js';
import { dataset, pipelines, project, writeConfigs } from './pipelines.js';
import { createSource } from './source.js';

/**
 * Runs that read a table in windows while it changes, append and merge, into DuckDB and BigQuery. Once
 * every fault is undone each pipeline runs once more; then its destinations must have what the table has.
 */
function changingTable(seed: number): Scenario {
  return {
    async prepare({ folder, env, member }) {
      const database = await startDatabase('postgres');
      const source = await createSource(database.ready, seed);
      const [port = 0] = await choosePorts([0]);
      const endpoint = `http://127.0.0.1:${port}`;
      const bigquery = member(
        'bigquery',
        pythonPath(),
        ['-m', 'bigquery_emulator', '--host=127.0.0.1', `--port=${port}`].concat(
          `--folder=${join(folder, 'bigquery')}`,
        ),
        { PYTHONPATH: [bigqueryEmulatorPath, env['PYTHONPATH']].join(delimiter) },
      );
      await bigquery.start();
      const request = requester(endpoint);
      const datasetReference = { projectId: project, datasetId: dataset };
      await request('POST', `/projects/${project}/datasets`, { datasetReference });
      let rows = new Map<string, string>();
      return {
        env: { BIGQUERY_EMULATOR_HOST: endpoint },
        members: [bigquery],
        input: { allowPlaintextProfile: true },
        writeProject: (root) => writeConfigs(root, profileOf(database.ready)),
        begin: () => source.begin(),
        async finish(world) {
          rows = await source.finish();
          return lastRuns(world);
        },
        violations: async (world, runs) => [
          ...notLast(runs),
          ...(await wrongContents(world, request, rows)),
        ],
        async end() {
          await source.end();
          await database.end();
        },
      };
    },
  };
}

export function windowsWorld(seed: number): { scenario: Scenario; hosts: WorldOptions } {
  return {
    scenario: changingTable(seed),
    hosts: { hosts: 2, ownQueues: true, ownFaults: false },
  };
}

/** The names of its pipelines, and where their runs may be, as a schedule wants them. */
export const windowPipelines: Omit<ScheduleSize, 'runs' | 'inFlight'> = {
  ...bySpeed(pipelines),
  hostsOf: (name) => pipelines.find((pipeline) => pipeline.name === name)?.hosts ?? [0],
  points: [...points.filter((point) => !point.startsWith('publisher:files:')), ...windowPoints],
  members: [...memberNames, 'bigquery'],
};

/** A last run meets no fault; one with a short `timeout` may be too late all the same. */
function notLast(runs: readonly PlayedRun[]): Violation[] {
  return runs
    .filter(
      ({ workflowId, status, step }) =>
        workflowId.startsWith(lastRun) &&
        status !== 'COMPLETED' &&
        !windowPipelines.hasty.includes(step.pipeline),
    )
    .map(({ runKey, step, status, error }) => ({
      what: `the last run of ${step.pipeline}: ${status} ${error ?? ''}`,
      runKey,
    }));
}

const lastRun = 'chaos-last-';

/** One more run of each pipeline, without a fault: what is still missing then was lost. */
async function lastRuns(world: World): Promise<PlayedRun[]> {
  const played: PlayedRun[] = [];
  for (const [index, { name, hosts }] of pipelines.entries()) {
    const step = { do: 'run', run: 10_000 + index, pipeline: name, host: hosts[0] ?? 0 } as const;
    played.push(await runToItsEnd(world, `${lastRun}${name}`, step));
  }
  return played;
}
