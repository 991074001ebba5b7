/** `bench/schedules/run`: measures `beamline schedule` on many schedules, and writes down what it measured. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageRoot } from '../../src/dev/services/tools.js';
import { load, machine, versions } from '../orchestration/machine.js';
import { markdown, type Result } from './report.js';
import { measureRound } from './round.js';

const options = new Command('bench/schedules/run')
  .option('--schedules <n>', 'how many', '1000')
  .option('--rounds <n>', 'each on a server of its own', '3')
  .option('--name <name>', 'of the file in bench/results (default: the date)')
  .option('--report <file>', 'measure nothing: print the table of a result file')
  .parse()
  .opts<{ schedules: string; rounds: string; name?: string; report?: string }>();

if (options.report !== undefined) {
  process.stdout.write(`${markdown(JSON.parse(readFileSync(options.report, 'utf8')) as Result)}\n`);
} else {
  await measure(Number(options.schedules), Number(options.rounds));
}
process.exit(0);

async function measure(schedules: number, rounds: number): Promise<void> {
  const date = `${new Date().toISOString().slice(0, 19)}+00:00`;
  const result: Result = {
    date,
    machine: machine(),
    versions: versions(),
    command: process.argv.slice(2),
    schedules,
    load_before: load(),
    rounds: [],
    load_after: [],
  };
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`round ${round + 1}: load ${load().join(', ')}\n`);
    result.rounds.push(await measureRound(schedules));
  }
  result.load_after = load();
  const folder = join(packageRoot, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  const name = options.name ?? `${date.slice(0, 10)}-schedules`;
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, null, 1)}\n`);
  process.stdout.write(`${markdown(result)}\n`);
}
