import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { findTemporalCli } from '../../src/dev/services/temporal-cli.js';
import { packageRoot } from '../../src/dev/services/tools.js';
import { writeConfigs, type Wanted } from './configs.js';
import type { Step } from './report.js';

/** What is done in a round, and what the configs say then. */
const steps: readonly { step: Step; wanted: Wanted; command: 'plan' | 'apply' }[] = [
  { step: 'plan, all new', wanted: { hour: 1, enable: true }, command: 'plan' },
  { step: 'apply: create all', wanted: { hour: 1, enable: true }, command: 'apply' },
  { step: 'plan, all unchanged', wanted: { hour: 1, enable: true }, command: 'plan' },
  { step: 'apply, all unchanged', wanted: { hour: 1, enable: true }, command: 'apply' },
  { step: 'apply: update all', wanted: { hour: 2, enable: true }, command: 'apply' },
  { step: 'apply: delete all', wanted: { hour: 2, enable: false }, command: 'apply' },
];

/** Seconds of each step, on a server of its own. */
export async function measureRound(schedules: number): Promise<Record<Step, number>> {
  const root = mkdtempSync(join(tmpdir(), 'beamline-bench-'));
  const environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: findTemporalCli() },
      log: { format: 'json', level: 'error' },
    },
  });
  try {
    const seconds: Partial<Record<Step, number>> = {};
    for (const { step, wanted, command } of steps) {
      writeConfigs(root, schedules, wanted);
      seconds[step] = await timed(root, environment.address, command);
      process.stderr.write(`  ${step}: ${seconds[step].toFixed(2)} s\n`);
    }
    assertGone(root, environment.address, schedules);
    return seconds as Record<Step, number>;
  } finally {
    await environment.teardown();
    rmSync(root, { recursive: true });
  }
}

const main = join(packageRoot, 'dist', 'src', 'cli', 'main.js');

/** Seconds from the start of the command to its end. */
async function timed(root: string, address: string, command: string): Promise<number> {
  const begin = performance.now();
  const child = spawn(process.execPath, [main, 'schedule', command], {
    cwd: root,
    env: { ...process.env, TEMPORAL_ADDRESS: address },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`schedule ${command} ended with ${code}`);
  return (performance.now() - begin) / 1000;
}

/** What was measured was done: each schedule was there, and none is left. */
function assertGone(root: string, address: string, schedules: number): void {
  const text = execFileSync(process.execPath, [main, 'schedule', 'plan', '--json'], {
    cwd: root,
    env: { ...process.env, TEMPORAL_ADDRESS: address },
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  });
  const { changes } = JSON.parse(text) as { changes: { kind: string }[] };
  const left = changes.filter(({ kind }) => kind === 'left').length;
  if (left !== schedules) throw new Error(`${schedules - left} schedules were not deleted`);
}
