import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { packageRoot } from '../src/config/modules/catalogue.js';

/** What each runner says of itself, as data that every layer may import. */
export async function runnerCatalogue(): Promise<string> {
  const all: Record<string, unknown> = {};
  for (const name of runnerFolders()) {
    const file = new URL(`../src/runners/${name}/options.js`, import.meta.url).href;
    ({ options: all[name] } = (await import(file)) as { options: unknown });
  }
  return formatted(`
    // Written by \`npm run generate\` from \`*/options.ts\`: what each runner says of itself.
    export const runnerCatalogue = ${JSON.stringify(all)} as const;
  `);
}

/** The entry of the workflow bundle: workflow code cannot look at folders. */
export function workflowIndex(): Promise<string> {
  const names = runnerFolders();
  return formatted(`
    // Written by \`npm run generate\`: workflow code cannot look at folders.
    ${names.map((name) => `import { workflow as ${name} } from '../runners/${name}/workflow.js';`).join('\n')}
    import type { Receipt } from '../shared/run/receipt.js';
    import type { RunPipelineInput } from '../shared/run/run-input.js';
    import type { ResumedRun } from '../workflows/resumed-run.js';
    import { runPipelineWith } from '../workflows/run-pipeline.js';

    export { destinationLock, reapOrphans } from '../workflows/index.js';

    /** See \`runPipelineWith\`, here with all runners. */
    export function runPipeline(input: RunPipelineInput, resumed: ResumedRun | null = null): Promise<Receipt> {
      return runPipelineWith({ ${names.join(', ')} }, input, resumed);
    }
  `);
}

/** Names of the runners: one per folder. */
function runnerFolders(): string[] {
  return readdirSync(join(packageRoot, 'src', 'runners'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
}

async function formatted(text: string): Promise<string> {
  const options = await resolveConfig(join(packageRoot, 'package.json'));
  return format(text, { ...options, parser: 'typescript' });
}
