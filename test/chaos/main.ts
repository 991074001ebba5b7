/**
 * `npm run chaos -- [--runs N] [--in-flight N] [--seed N] [--windows] [--schedule]`: plays a schedule of
 * faults over runs on the local Dataflow, or over runs that read a changing table in windows, and says whether every promise held (docs/chaos.md). Exits 1 if one was broken.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { chaos } from './chaos.js';
import { filePipelines } from './files/scenario.js';
import { windowPipelines, windowsWorld } from './windows/scenario.js';
import { scheduleOf } from './schedule.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    'in-flight': { type: 'string', default: '6' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    schedule: { type: 'boolean', default: false },
    windows: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
  },
});
const schedule = scheduleOf(Number(values.seed), {
  runs: Number(values.runs),
  inFlight: Number(values['in-flight']),
  ...(values.windows ? windowPipelines : filePipelines),
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const command = `npm run chaos -- ${values.windows ? '--windows ' : ''}--seed ${values.seed} --runs ${values.runs} --in-flight ${values['in-flight']}`;
say(`seed ${values.seed}; again with: ${command}`);
if (values.schedule) {
  for (const step of schedule.steps) say(JSON.stringify(step));
  process.exit(0);
}
const report = await chaos(schedule, {
  ...(values.quiet ? {} : { tell: say }),
  ...(values.windows ? windowsWorld(schedule.seed) : {}),
});
const { outcomes, faults, violations, runs, seconds, folder } = report;
say(`\n${runs.length} runs in ${seconds.toFixed(0)} s`);
for (const [outcome, count] of outcomes) say(`  ${String(count).padStart(4)}  ${outcome}`);
const total = [...faults.values()].reduce((sum, count) => sum + count, 0);
say(`${total} faults`);
for (const [fault, count] of [...faults].toSorted(([one], [other]) => one.localeCompare(other)))
  say(`  ${String(count).padStart(4)}  ${fault}`);
if (violations.length === 0) {
  say('\nevery promise held');
  process.exit(0);
}
say(`\n${violations.length} promises were broken (seed ${values.seed}; ${command})`);
for (const { what, runKey } of violations) say(`  ${runKey ?? '-'}  ${what}`);
say(`the world is kept in ${folder}`);
process.exit(1);
