/**
 * Records the histories in `test/replay` anew: `node dist/scripts/record-histories.js [NAME…]`, all or
 * those named.
 *
 * Run it only when the workflow's contract was changed on purpose and no run of the old code is
 * alive any more: the recorded histories are what guards those.
 */
import { registerSearchAttributes } from '../src/worker/search-attributes.js';
import { quietRuntime } from '../test/support/quiet-runtime.js';
import { startTemporal } from '../test/support/stack.js';
import { record, type Scenario } from './histories/recorder.js';
import { longScenarios, scenarios } from './histories/scenarios.js';

const wanted = process.argv.slice(2);

quietRuntime();
await recordAll(scenarios, []);
// The server suggests to continue at 4,096 events; nobody wants to read as many.
const soon = 'limit.historyCount.suggestContinueAsNew=60';
await recordAll(longScenarios, ['--dynamic-config-value', soon]);

async function recordAll(all: Record<string, Scenario>, serverArgs: string[]): Promise<void> {
  const chosen = Object.entries(all).filter(([name]) => !wanted.length || wanted.includes(name));
  if (chosen.length === 0) return;
  const environment = await startTemporal(serverArgs);
  await registerSearchAttributes(environment.connection, 'default');
  for (const [name, scenario] of chosen) {
    await record(environment, name, scenario);
    console.log(`recorded ${name}`);
  }
  await environment.teardown();
}
