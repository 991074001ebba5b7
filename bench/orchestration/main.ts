/** `bench/orchestration/run`: measures the orchestrator on the local stack, and writes down what it measured. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageRoot } from '../../src/dev/services/tools.js';
import { measureCost } from './cost.js';
import { measureDetection } from './detection.js';
import { measureInFlight } from './in-flight.js';
import { load, machine, versions } from './machine.js';
import { markdown, type Result } from './report.js';
import { startSite, type Site } from './site.js';
import { measureThroughput } from './throughput.js';

const parts = ['cost', 'detection', 'throughput', 'in-flight'] as const;

const command = new Command('bench/orchestration/run')
  .option('--only <part...>', `of ${parts.join(', ')}`, [...parts])
  .option('--rounds <n>', 'real runs on each runner, whose histories are counted', '3')
  .option('--runs <n>', 'runs whose detection is timed', '60')
  .option('--seed <n>', 'of the lengths of jobs and the phases of pollers', '1')
  .option('--batch <n>', 'runs of each measurement of throughput', '60')
  .option('--in-flight <n>', 'runs that wait at once', '2000')
  .option('--rate <n>', 'launches per second that the machine is trusted with', '4')
  .option('--patience <s>', 'seconds to wait for the end of those runs', '1800')
  .option('--name <name>', 'of the file in bench/results (default: the date)')
  .option('--report <file>', 'measure nothing: print the tables of a result file')
  .parse();
const options = command.opts<Record<string, string> & { only: string[] }>();

if (options['report']) {
  process.stdout.write(
    `${markdown(JSON.parse(readFileSync(options['report'], 'utf8')) as Result)}\n`,
  );
} else {
  await measure();
}
process.exit(0);

async function measure(): Promise<void> {
  const date = `${new Date().toISOString().slice(0, 19)}+00:00`;
  const result: Result = {
    date,
    machine: machine(),
    versions: versions(),
    command: process.argv.slice(2),
    load_before: load(),
  };
  const name = options['name'] ?? `${date.slice(0, 10)}-orchestration`;
  const file = join(packageRoot, 'bench', 'results', `${name}.json`);
  const keep = () => {
    mkdirSync(join(packageRoot, 'bench', 'results'), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ ...result, load_after: load() }, null, 1)}\n`);
  };
  for (const part of parts) {
    if (!options.only.includes(part)) continue;
    process.stderr.write(`${part}: load ${load().join(', ')}\n`);
    // A stack for each part: none is slowed down by what another one left.
    const site = await startSite();
    try {
      await measurePart(part, site, result);
    } finally {
      await site.close();
    }
    keep();
  }
  process.stdout.write(`${markdown({ ...result, load_after: load() })}\n`);
}

async function measurePart(
  part: (typeof parts)[number],
  site: Site,
  result: Result,
): Promise<void> {
  switch (part) {
    case 'cost':
      result.cost = await measureCost(site, numberOf('rounds'));
      return;
    case 'detection':
      result.detection = await measureDetection(site, {
        runs: numberOf('runs'),
        shortest: 10,
        longest: 60,
        intervals: [10, 15, 180],
        seed: numberOf('seed'),
      });
      return;
    case 'throughput': {
      const common = { runs: numberOf('batch'), atOnce: 20 };
      result.throughput = [
        await measureThroughput(site, { ...common, inProcessPublisher: false, name: 'whole' }),
        await measureThroughput(site, { ...common, inProcessPublisher: true, name: 'in-process' }),
      ];
      return;
    }
    case 'in-flight':
      result.in_flight = await measureInFlight(site, {
        runs: numberOf('inFlight'),
        ahead: 60,
        quiet: 60,
        rate: numberOf('rate'),
        patience: numberOf('patience'),
      });
  }
}

function numberOf(option: string): number {
  return Number(options[option]);
}
